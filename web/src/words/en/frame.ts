import type { Words } from "../zh";

export const frame: Words["frame"] = {
  close: "Close",
  keys: { title: "Shortcuts", page: "In the text" },
  interfaces: {
    title: "Interfaces",
    explain: "Other programs can use this server, too. The paths follow its address.",
    openai: "OpenAI: completions",
    chat: "OpenAI: chat",
    models: "OpenAI: models",
    kobold: "KoboldAI: generate",
    desk: "The desk: write on",
    description: "All interfaces, described (OpenAPI)",
    health: "Whether it is alive",
    ready: "Whether it is ready",
    metrics: "Figures (Prometheus)",
    aiwriter: "AI-Writer's old page: moxu serve --aiwriter-port opens its port",
    docs: "Fields and limits are described in docs/serving.md",
  },
  gate: {
    title: "A key is needed",
    explain: "This server answers those who have a key. It is kept in this tab only.",
    key: "Key",
    wrong: "This key is not the right one.",
    enter: "Enter",
  },
  away: {
    title: "The server is away",
    explain: "The desk could not be laid yet. It goes on as soon as the server is back.",
    again: "Try again",
  },
  starting: "Laying the paper…",
  companion: { fold: "Fold companion", unfold: "Open companion" },
  continue: "Continue",
  stop: "Stop",
  panes: "The three places of the desk",
};
