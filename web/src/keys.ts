/** The keys of the desk: what each does, where it is listed, and how it is heard. */
import type { Words } from "./words/zh";

export interface Shortcut {
  /** As it is shown. */
  keys: string;
  /** What it does: a name among the words. */
  does: keyof Words["shortcuts"];
  hears(event: KeyboardEvent): boolean;
  /** Return false where there is nothing to do, so that the browser does what it does. */
  run(event: KeyboardEvent): boolean | void;
}

/** By the place on the keyboard: with Alt, some keyboards write another character there. */
export const alt =
  (code: string) =>
  (event: KeyboardEvent): boolean =>
    event.altKey && !event.ctrlKey && !event.metaKey && event.code === code;

export const altDigit = (event: KeyboardEvent): boolean =>
  event.altKey && !event.ctrlKey && !event.metaKey && /^(Digit|Numpad)[1-9]$/.test(event.code);

export const plain =
  (key: string) =>
  (event: KeyboardEvent): boolean =>
    event.key === key && !event.altKey && !event.ctrlKey && !event.metaKey;

export const control =
  (key: string) =>
  (event: KeyboardEvent): boolean =>
    event.key === key && (event.ctrlKey || event.metaKey) && !event.altKey;

/** Let the shortcuts be heard, wherever the focus is, unless a dialog covers the desk; what an input method composes with is its own. */
export function hear(shortcuts: readonly Shortcut[], isCovered = () => false): (event: KeyboardEvent) => void {
  return (event) => {
    if (event.isComposing || event.defaultPrevented || event.keyCode === 229 || isCovered()) return;
    const shortcut = shortcuts.find((one) => one.hears(event));
    if (shortcut && shortcut.run(event) !== false) {
      event.preventDefault();
      event.stopPropagation();
    }
  };
}
