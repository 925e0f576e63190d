/** What the desk asks of the server, by name. */
import type { Edit } from "../saving/edits";
import { ask, askJson } from "./client";
import { fileNameOf } from "./disposition";
import type {
  BookFile,
  Candidate,
  Chapter,
  ChapterEntry,
  Imported,
  Note,
  NoteContent,
  Reading,
  Revision,
  RevisionEntry,
  Scene,
  ServerState,
  Sight,
  Story,
  Verdict,
} from "./types";

const get = <T>(path: string, signal?: AbortSignal) => askJson<T>(`/desk${path}`, { signal });
const post = <T>(path: string, body: unknown = {}) => askJson<T>(`/desk${path}`, { method: "POST", body });
const put = <T>(path: string, body: unknown) => askJson<T>(`/desk${path}`, { method: "PUT", body });
const patch = <T>(path: string, body: unknown) => askJson<T>(`/desk${path}`, { method: "PATCH", body });
const remove = (path: string) => askJson<void>(`/desk${path}`, { method: "DELETE" });

export const getState = (): Promise<ServerState> => get("/state");

// Stories and chapters
export const listStories = (deleted = false): Promise<Story[]> => get(`/stories?deleted=${deleted}`);
export const createStory = (title: string): Promise<Story> => post("/stories", { title });
export const renameStory = (story: number, title: string): Promise<Story> => patch(`/stories/${story}`, { title });
export const moveStory = (story: number, index: number): Promise<void> => post(`/stories/${story}/move`, { index });
export const deleteStory = (story: number): Promise<void> => remove(`/stories/${story}`);
export const recoverStory = (story: number): Promise<Story> => post(`/stories/${story}/recover`);

export const listChapters = (story: number, deleted = false): Promise<ChapterEntry[]> =>
  get(`/stories/${story}/chapters?deleted=${deleted}`);
export const createChapter = (
  story: number,
  chapter: { title?: string; text?: string; index?: number },
): Promise<ChapterEntry> => post(`/stories/${story}/chapters`, chapter);
export const getChapter = (chapter: number): Promise<Chapter> => get(`/chapters/${chapter}`);
export const renameChapter = (chapter: number, title: string): Promise<ChapterEntry> =>
  patch(`/chapters/${chapter}`, { title });
export const moveChapter = (chapter: number, index: number, story?: number): Promise<void> =>
  post(`/chapters/${chapter}/move`, { index, ...(story === undefined ? {} : { story }) });
export const deleteChapter = (chapter: number): Promise<void> => remove(`/chapters/${chapter}`);
export const recoverChapter = (chapter: number): Promise<ChapterEntry> => post(`/chapters/${chapter}/recover`);

// Texts and their revisions
const SAVING = 30_000; // milliseconds, after which nobody knows
export const saveText = (
  chapter: number,
  body: { base_revision: number; text: string; spans: unknown },
  keepalive = false,
): Promise<ChapterEntry> =>
  askJson(`/desk/chapters/${chapter}/text`, { method: "PUT", body, within: SAVING, keepalive });
export const editText = (
  chapter: number,
  body: { base_revision: number; edits: Edit[]; length: number; crc32: number; spans: unknown },
  keepalive = false,
): Promise<ChapterEntry> =>
  askJson(`/desk/chapters/${chapter}/text`, { method: "PATCH", body, within: SAVING, keepalive });
export const listRevisions = (chapter: number, last?: number): Promise<RevisionEntry[]> =>
  get(`/chapters/${chapter}/revisions${last === undefined ? "" : `?last=${last}`}`);
export const getRevision = (chapter: number, number: number): Promise<Revision> =>
  get(`/chapters/${chapter}/revisions/${number}`);
export const restoreRevision = (chapter: number, number: number, base_revision: number): Promise<Chapter> =>
  post(`/chapters/${chapter}/revisions/${number}/restore`, { base_revision });

// Notes: the memory, the author's note, the cards of the lore
export const listNotes = (story: number): Promise<Note[]> => get(`/stories/${story}/notes`);
export const createCard = (story: number, content: Partial<NoteContent>): Promise<Note> =>
  post(`/stories/${story}/notes`, content);
export const saveNote = (note: number, content: NoteContent & { base_revision: number }): Promise<Note> =>
  put(`/notes/${note}`, content);
export const moveCard = (note: number, index: number): Promise<void> => post(`/notes/${note}/move`, { index });
export const deleteCard = (note: number): Promise<void> => remove(`/notes/${note}`);
export const recoverCard = (note: number): Promise<Note> => post(`/notes/${note}/recover`);

// Candidates
export const offerCandidates = (
  chapter: number,
  offer: { revision: number; candidates: { text: string; seed: number; settings: unknown }[] },
): Promise<Candidate[]> => post(`/chapters/${chapter}/candidates`, offer);
export const listCandidates = (chapter: number): Promise<Candidate[]> => get(`/chapters/${chapter}/candidates`);
export const judgeCandidate = (candidate: number, verdict: Verdict): Promise<Candidate> =>
  put(`/candidates/${candidate}/verdict`, { verdict });

// Writing
/** Return what the model would read. */
export const getSight = (scene: Scene & { max_chars: number }, signal?: AbortSignal): Promise<Sight> =>
  askJson("/desk/sight", { method: "POST", body: scene, signal });
/** Begin a writing; its events come from `/desk/writings/ID/events`. */
export const beginWriting = (
  wishes: { scene: Scene } & Record<string, unknown>,
): Promise<{ id: string; seeds: number[] }> => askJson("/desk/writings", { method: "POST", body: wishes });
/** End a writing where it is. */
export const stopWriting = (id: string): Promise<void> =>
  askJson(`/desk/writings/${id}`, { method: "DELETE", keepalive: true });
/** Return how likely each token of a text was, and what else could have stood there. */
export const readText = (scene: Scene, text: string, signal?: AbortSignal): Promise<Reading> =>
  askJson("/desk/reading", { method: "POST", body: { scene, text }, signal });

// Books
export const importBook = (file: File): Promise<Imported> =>
  askJson(`/desk/import?name=${encodeURIComponent(file.name)}`, {
    method: "POST",
    body: new Blob([file], { type: "application/octet-stream" }),
  });
export const exportBook = async (story: number, format: string): Promise<BookFile> => {
  const response = await ask(`/desk/stories/${story}/export?format=${format}`);
  const name = fileNameOf(response.headers.get("content-disposition") ?? "") ?? `story-${story}`;
  return { name, content: await response.blob() };
};
