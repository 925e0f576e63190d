/** Where the focus goes on the shelf when what had it is drawn anew, or is gone. */
import { tick } from "svelte";
import type { RowName } from "./arranging.svelte";

/** Give a row the focus. */
export async function focusRow(name: RowName): Promise<void> {
  await tick();
  document.querySelector<HTMLElement>(`[data-row="${name}"]`)?.focus();
}

/** Scroll a row into view. */
export async function showRow(name: RowName): Promise<void> {
  await tick();
  document.querySelector(`[data-row="${name}"]`)?.scrollIntoView({ block: "nearest" });
}

/** Give the row that Tab comes to the focus, if nothing has it. */
export async function focusActiveRow(): Promise<void> {
  await tick();
  if (document.activeElement === document.body)
    document.querySelector<HTMLElement>('[data-row][tabindex="0"]')?.focus();
}
