/** As much of moxu's server as saves chapters, for the tests: with its revisions, its conflicts, and its bad days. */
import { Text } from "@codemirror/state";
import type { Span } from "../page/ink";
import type { Chapter } from "../server/types";
import { crc32 } from "./crc32";
import type { Edit } from "./edits";

interface Body {
  base_revision: number;
  text?: string;
  edits?: Edit[];
  length?: number;
  crc32?: number;
  spans: Span[] | null;
  title?: string;
}

export class FakeServer {
  readonly asked: string[] = [];
  /** Nobody answers. */
  gone = false;
  /** What is asked is done, and its answer is lost. */
  answerless = false;
  delay = 0;
  refuses: { status: number; code: string } | null = null;
  refusesSpans = false;
  refusesTitles = false;
  private readonly texts = new Map<number, Map<number, string>>();
  private readonly chapters = new Map<number, Chapter>();

  constructor(private readonly created = "2000-01-01T00:00:00Z") {}

  create(text: string): Chapter {
    const id = this.chapters.size + 1;
    const { created } = this;
    const chapter = { id, story: 1, title: "", characters: 0, revision: 1, created, updated: created, deleted: null };
    this.chapters.set(id, { ...chapter, text, spans: null });
    this.texts.set(id, new Map([[1, text]]));
    return this.chapter(id);
  }

  chapter(id: number): Chapter {
    return { ...this.chapters.get(id)! };
  }

  /** Somebody else saves. */
  change(id: number, text: string, spans: Span[] | null = null): Chapter {
    const chapter = this.chapters.get(id)!;
    Object.assign(chapter, { text, spans, revision: chapter.revision + 1 });
    this.texts.get(id)!.set(chapter.revision, text);
    return this.chapter(id);
  }

  remove(id: number): void {
    this.chapters.delete(id);
  }

  readonly fetch = async (path: string, { method, body }: { method: string; body?: string }): Promise<Response> => {
    this.asked.push(`${method} ${path}`);
    if (this.delay) await new Promise((resolve) => setTimeout(resolve, this.delay));
    if (this.gone) throw new TypeError("fetch failed");
    const answer = this.answer(path, method, JSON.parse(body ?? "null") as Body);
    if (this.answerless) throw new TypeError("fetch failed");
    return answer;
  };

  private answer(path: string, method: string, body: Body): Response {
    const chapter = this.chapters.get(Number(path.split("/")[3]));
    if (!chapter) return refusal(404, "missing");
    if (path.endsWith("/text")) return this.save(chapter, body);
    if (method === "PATCH") {
      if (this.refusesTitles) return refusal(503, "unavailable");
      chapter.title = body.title ?? "";
    }
    return Response.json(chapter);
  }

  private save(chapter: Chapter, body: Body): Response {
    if (this.refuses) return refusal(this.refuses.status, this.refuses.code);
    if (this.refusesSpans && body.spans) return refusal(413, "too_long", "spans");
    const base = this.texts.get(chapter.id)!.get(body.base_revision)!;
    const text = body.edits ? edited(base, body.edits) : body.text!;
    const doc = Text.of(text.split("\n"));
    if (body.edits && (doc.length !== body.length || crc32(doc) !== body.crc32)) return refusal(409, "edits_mismatch");
    if (text !== chapter.text && body.base_revision !== chapter.revision) {
      return refusal(409, "conflict", null, { current: { ...chapter } });
    }
    return Response.json(text === chapter.text ? chapter : this.change(chapter.id, text, body.spans));
  }
}

function edited(base: string, edits: readonly Edit[]): string {
  let [text, read] = ["", 0];
  for (const { at, remove, insert } of edits) {
    text += base.slice(read, at) + insert;
    read = at + remove;
  }
  return text + base.slice(read);
}

function refusal(status: number, code: string, param: string | null = null, beside = {}): Response {
  return Response.json({ error: { message: code, type: "", param, code }, ...beside }, { status });
}
