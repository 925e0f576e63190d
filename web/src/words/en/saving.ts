import type { Words } from "../zh";

export const saving: Words["saving"] = {
  saved: (time: string) => `Saved ${time}`,
  saving: "Saving…",
  unsaved: "Not saved",
  offline: "The server is away; changes stay here meanwhile",
  busy: "The server cannot save just now; it is tried again",
  conflict: "This chapter was changed elsewhere",
  missing: "This chapter was deleted elsewhere; its text is still here",
  keepAsNew: "Save as a new chapter",
  compare: "Compare",
  refused: (message: string) => `Cannot be saved: ${message}`,
  tooLong: "Cannot be saved: this chapter is too long, make it two",
  settling: {
    title: "This chapter was changed elsewhere",
    explain:
      "On the left what is saved, on the right this page. The right can be edited, and the arrows take from the left.",
    theirs: "Saved",
    theirsAt: (time: string) => `Saved, ${time}`,
    mine: "This page",
    take: "Take this from the left",
    keepTheirs: "Use the left",
    keepMine: "Use the right",
    later: "Not now",
    same: "$ paragraphs are the same",
    failed: "The comparison cannot be opened. Nothing is lost; please try again.",
    opening: "Comparing…",
  },
};
