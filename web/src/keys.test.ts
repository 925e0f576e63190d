import { expect, test, vi } from "vitest";
import { alt, altDigit, control, hear, plain, type Shortcut } from "./keys";

function pressed(fields: Partial<KeyboardEvent>): KeyboardEvent {
  const nothing = { altKey: false, ctrlKey: false, metaKey: false, isComposing: false, defaultPrevented: false };
  return { ...nothing, keyCode: 0, preventDefault: vi.fn(), stopPropagation: vi.fn(), ...fields } as KeyboardEvent;
}

test("a key with Alt is known by its place, whatever it would write", () => {
  expect(alt("KeyQ")(pressed({ altKey: true, code: "KeyQ", key: "œ" }))).toBe(true);
  expect(alt("KeyQ")(pressed({ altKey: true, ctrlKey: true, code: "KeyQ", key: "q" }))).toBe(false);
  expect(altDigit(pressed({ altKey: true, code: "Digit9" }))).toBe(true);
  expect(altDigit(pressed({ altKey: true, code: "Digit0" }))).toBe(false);
});

test("what an input method composes with is not heard", () => {
  const run = vi.fn();
  const heard = hear([{ keys: "Esc", does: "stop", hears: plain("Escape"), run }]);
  heard(pressed({ key: "Escape", isComposing: true }));
  heard(pressed({ key: "Escape", keyCode: 229 }));
  expect(run).not.toHaveBeenCalled();
  heard(pressed({ key: "Escape" }));
  expect(run).toHaveBeenCalledOnce();
});

test("nothing is heard while a dialog covers the desk", () => {
  const run = vi.fn();
  hear([{ keys: "Esc", does: "stop", hears: plain("Escape"), run }], () => true)(pressed({ key: "Escape" }));
  expect(run).not.toHaveBeenCalled();
});

test("a shortcut with nothing to do leaves the key to the browser", () => {
  const shortcuts: Shortcut[] = [{ keys: "Ctrl+/", does: "keys", hears: control("/"), run: () => false }];
  const event = pressed({ key: "/", ctrlKey: true });
  hear(shortcuts)(event);
  expect(event.preventDefault).not.toHaveBeenCalled();
});
