/** What the server gives out, as it gives it. */
import type { Span } from "../page/ink";

export interface Story {
  id: number;
  title: string;
  chapters: number;
  characters: number;
  created: string;
  updated: string;
  deleted: string | null;
}

export interface ChapterEntry {
  id: number;
  story: number;
  title: string;
  characters: number;
  revision: number;
  created: string;
  updated: string;
  deleted: string | null;
}

export interface Chapter extends ChapterEntry {
  text: string;
  spans: Span[] | null;
}

/** Where the writing goes on, and what of the story the model is to read. */
export interface Scene {
  story: number | null;
  chapter: number | null;
  /** The chapter's text before the place, its last part at most. */
  before: string;
  /** How many characters (code points) of the chapter come before that part. */
  skipped: number;
  /** How many characters of the story are read. */
  reach: number;
  /** How many tokens the model may see, where it is to be fewer than it could. */
  context?: number;
}

export type SightSource = "memory" | "lore" | "note" | "story";

/** A part of what the model reads; `cut` is what of it does not fit. */
export interface SightPart {
  source: SightSource;
  note: number | null;
  name: string;
  text: string;
  characters: number;
  cut: string;
  /** All that does not fit; of a story `cut` is the end of it only. */
  cut_characters: number;
  fired_by: string | null;
  /** How many characters before the end of the story the key stands. */
  fired_back: number | null;
}

export interface Sight {
  parts: SightPart[];
  characters: number;
  tokens: number;
  room: number | null;
}

/** A token of a text: how likely it was, and the likeliest that could have stood there. */
export interface Token {
  text: string;
  logprob: number | null;
  top: [text: string, logprob: number][];
}

export interface Reading {
  tokens: Token[];
  next: [text: string, logprob: number][];
}

export interface Preset {
  name: string;
  title: string;
  values: Record<string, number | boolean | string>;
}

export interface ServerState {
  version: string;
  /** Null until one is loaded. */
  model: {
    name: string;
    architecture: string;
    max_context: number | null;
    reads_source: boolean;
    gives_logprobs: boolean;
    /** The preset that suits it. */
    preset: string;
  } | null;
  presets: Preset[];
  limits: Record<string, number>;
  load: { slots: number; running: number; waiting: number };
  visitor: "author" | "reader";
}

export type FinishReason = "length" | "stop" | "end" | "window" | "time" | "cancelled";

/** What happens to a writing, as the server tells it. */
export type WritingEvent =
  | { event: "waiting"; data: { ahead: number } }
  | { event: "piece"; data: { row: number; text: string; tokens: Token[] } }
  | { event: "finish"; data: { row: number; reason: FinishReason; characters: number; seconds: number } }
  | { event: "failed"; data: { message: string } }
  | { event: "end"; data: unknown };

export interface RevisionEntry {
  chapter: number;
  number: number;
  characters: number;
  created: string;
}

export interface Revision extends RevisionEntry {
  text: string;
  spans: Span[] | null;
}

/** What became of a file that was imported. */
export interface Imported {
  story: Story;
  author: string;
  format: string;
  /** Null where the file itself tells it. */
  encoding: string | null;
  chapters: { title: string; characters: number }[];
  warnings: string[];
}

/** A story as a file. */
export interface BookFile {
  name: string;
  content: Blob;
}

export type NoteKind = "memory" | "author" | "lore";

/** What a person writes on a note; a card of the lore has a name and aliases. */
export interface NoteContent {
  name: string;
  aliases: string[];
  text: string;
  always: boolean;
  depth: number | null;
}

export interface Note {
  id: number;
  story: number;
  kind: NoteKind;
  content: NoteContent;
  revision: number;
  created: string;
  updated: string;
  deleted: string | null;
}

export type Verdict = "offered" | "kept" | "discarded";

/** A continuation that was offered, and what became of it. */
export interface Candidate {
  id: number;
  chapter: number;
  revision: number;
  text: string;
  seed: number;
  settings: unknown;
  verdict: Verdict;
  created: string;
}
