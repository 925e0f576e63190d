/** Dragging the rows of a list with mouse or pen; a finger scrolls the list, and has the menu. */
import { gapAt } from "./order";

export interface Drag {
  /** Which row is dragged. */
  from: number;
  /** The gap that it lies over; null where it is not over the list. */
  gap: number | null;
  /** The story that it lies over, which is not the one whose rows these are. */
  story: number | null;
}

export interface Dragged {
  may(): boolean;
  /** Where it is now; null when it is over. */
  moves(drag: Drag | null): void;
  drops(drag: Drag): void;
}

const FAR = 4; // pixels, from which on it is no click
const EDGE = 32; // pixels at either end of the scrolled list, where it scrolls
const SPEED = 8; // pixels a frame

/** Let the children of a list be dragged; they are of one height. What scrolls is the next `[data-scrolls]` around it. */
export function draggable({ may, moves, drops }: Dragged): (list: HTMLElement) => () => void {
  return (list) => {
    let began: { from: number; y: number } | null = null;
    let drag: Drag | null = null;
    let frame = 0;
    let last: PointerEvent | null = null;

    function down(event: PointerEvent) {
      const row = (event.target as Element).closest("li");
      if (event.button || event.pointerType === "touch" || !row || !may()) return;
      if ((event.target as Element).closest("input")) return;
      began = { from: Array.prototype.indexOf.call(list.children, row), y: event.clientY };
      addEventListener("pointermove", move);
      addEventListener("pointerup", up);
      addEventListener("pointercancel", end);
      addEventListener("keydown", escape, true);
    }

    function move(event: PointerEvent) {
      if (!began || (!drag && Math.abs(event.clientY - began.y) < FAR)) return;
      last = event;
      drag = { from: began.from, ...under(list, event) };
      moves(drag);
      frame ||= requestAnimationFrame(scroll);
    }

    function scroll() {
      frame = 0;
      const scroller = list.closest("[data-scrolls]");
      if (!drag || !last || !scroller) return;
      const { top, bottom } = scroller.getBoundingClientRect();
      const step = last.clientY < top + EDGE ? -SPEED : last.clientY > bottom - EDGE ? SPEED : 0;
      if (!step) return;
      scroller.scrollBy(0, step);
      move(last);
    }

    function up() {
      const dropped = drag;
      if (dropped) addEventListener("click", swallow, { capture: true, once: true });
      setTimeout(() => removeEventListener("click", swallow, true));
      end();
      if (dropped) drops(dropped);
    }

    function escape(event: KeyboardEvent) {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      end();
    }

    function end() {
      began = drag = last = null;
      cancelAnimationFrame(frame);
      frame = 0;
      removeEventListener("pointermove", move);
      removeEventListener("pointerup", up);
      removeEventListener("pointercancel", end);
      removeEventListener("keydown", escape, true);
      moves(null);
    }

    list.addEventListener("pointerdown", down);
    return () => {
      end();
      list.removeEventListener("pointerdown", down);
    };
  };
}

/** The click that ends a drag opens nothing. */
function swallow(event: Event) {
  event.stopPropagation();
  event.preventDefault();
}

function under(list: HTMLElement, { clientX, clientY }: PointerEvent): { gap: number | null; story: number | null } {
  const over = document.elementFromPoint(clientX, clientY)?.closest<HTMLElement>("[data-story]");
  if (over) return { gap: null, story: Number(over.dataset.story) };
  const { left, right, top } = list.getBoundingClientRect();
  const row = list.firstElementChild?.getBoundingClientRect().height ?? 1;
  const inside = clientX >= left && clientX <= right;
  return { gap: inside ? gapAt(clientY - top, row, list.childElementCount) : null, story: null };
}
