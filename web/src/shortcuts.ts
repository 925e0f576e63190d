/** Which key does what on this desk; the overlay lists them in this order. */
import { redo, undo } from "@codemirror/commands";
import { openSearchPanel } from "@codemirror/search";
import type { Desk } from "./desk.svelte";
import { alt, altDigit, control, plain, type Shortcut } from "./keys";

export function shortcutsOf(desk: Desk): Shortcut[] {
  const { writing, saving, shelf, why, look } = desk;
  return [
    { keys: "Alt+Q", does: "continue", hears: alt("KeyQ"), run: () => void writing.continue() },
    { keys: "Alt+E", does: "rewrite", hears: alt("KeyE"), run: () => void writing.rewrite() },
    {
      keys: "Alt+1…9",
      does: "take",
      hears: altDigit,
      run: (event) => writing.take(Number(event.code.at(-1)) - 1),
    },
    { keys: "Esc", does: "stop", hears: plain("Escape"), run: () => writing.busy && writing.stop() },
    { keys: "Ctrl+S", does: "save", hears: control("s"), run: () => void saving.save() },
    { keys: "Ctrl+Z", does: "undo", hears: () => false, run: () => desk.view && undo(desk.view) },
    { keys: "Ctrl+Y", does: "redo", hears: () => false, run: () => desk.view && redo(desk.view) },
    { keys: "Ctrl+F", does: "find", hears: () => false, run: () => desk.view && openSearchPanel(desk.view) },
    { keys: "Alt+W", does: "why", hears: alt("KeyW"), run: () => why.enter() },
    { keys: "Alt+B", does: "shelf", hears: alt("KeyB"), run: () => shelf.fold(!shelf.folded) },
    {
      keys: "Alt+C",
      does: "companion",
      hears: alt("KeyC"),
      run: () => void (look.companionFolded = !look.companionFolded),
    },
    {
      keys: "Ctrl+/",
      does: "keys",
      hears: control("/"),
      run: () => (desk.shows = desk.shows === "keys" ? null : "keys"),
    },
  ] as Shortcut[];
}
