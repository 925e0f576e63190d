/** How the desk looks to this author: by day or night, in which face, with the machine's ink shown or not. */
export type Light = "day" | "night";
export type PageFont = "serif" | "sans";

const KEPT = "moxu.look";

export class Look {
  light = $state<Light>(matchMedia("(prefers-color-scheme: dark)").matches ? "night" : "day");
  font = $state<PageFont>("serif");
  /** Whether the machine's ink is told apart. */
  inkShown = $state(true);
  /** Whether the companion is put aside. */
  companionFolded = $state(false);

  constructor() {
    const kept = JSON.parse(localStorage.getItem(KEPT) ?? "{}") as Partial<Look>;
    if (kept.light === "day" || kept.light === "night") this.light = kept.light;
    if (kept.font === "serif" || kept.font === "sans") this.font = kept.font;
    for (const name of ["inkShown", "companionFolded"] as const) {
      if (typeof kept[name] === "boolean") this[name] = kept[name];
    }
  }

  /** Show it, and remember it; to be called in an effect. */
  apply(): void {
    const { light, font, inkShown, companionFolded } = this;
    document.documentElement.dataset.light = light;
    document.documentElement.dataset.pageFont = font;
    localStorage.setItem(KEPT, JSON.stringify({ light, font, inkShown, companionFolded }));
  }
}
