/** Books in and out: files that become stories, and stories that become files. */
import type { Desk } from "../desk.svelte";
import { exportBook, importBook } from "../server/api";
import { ServerError } from "../server/client";
import type { Imported, Story } from "../server/types";
import type { Shelf } from "./shelf.svelte";

export const FORMATS = ["txt", "epub", "docx", "markdown"] as const;
export type BookFormat = (typeof FORMATS)[number];

/** What became of a file: a story, or why there is none. */
export interface Report {
  name: string;
  imported: Imported | null;
  refusal: string;
}

export class Books {
  /** The file that is being read, and which it is of how many. */
  reading = $state.raw<{ name: string; at: number; of: number } | null>(null);
  /** The format that is being made. */
  making = $state<BookFormat | null>(null);

  constructor(
    private readonly desk: Desk,
    private readonly shelf: Shelf,
  ) {}

  /** Make stories of files, one after the other; tell what was found in them, and open the last. */
  import(files: readonly File[]): Promise<unknown> {
    const { shelf } = this;
    return shelf.notice.attempt(async () => {
      const reports: Report[] = [];
      try {
        for (const [index, file] of files.entries()) {
          this.reading = { name: file.name, at: index + 1, of: files.length };
          reports.push(await this.read(file));
        }
      } finally {
        this.reading = null;
        if (reports.length) shelf.dialog = { kind: "imported", reports };
      }
      const last = reports.findLast((one) => one.imported)?.imported;
      if (!last) return;
      await shelf.refresh();
      await shelf.enter(last.story.id);
    });
  }

  /** Make a file of a story as it is now, and let the browser keep it. */
  export(story: Story, format: BookFormat): Promise<unknown> {
    return this.shelf.notice.attempt(async () => {
      this.making = format;
      try {
        await this.desk.saving.save();
        const { name, content } = await exportBook(story.id, format);
        download(name, content);
      } finally {
        this.making = null;
      }
    });
  }

  private async read(file: File): Promise<Report> {
    const { name } = file;
    try {
      return { name, imported: await importBook(file), refusal: "" };
    } catch (error) {
      if (!(error instanceof ServerError)) throw error;
      return { name, imported: null, refusal: error.message };
    }
  }
}

function download(name: string, content: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // when the browser has it for certain
}
