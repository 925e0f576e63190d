/** What programs may ask of this server, as the page lists it: one of each interface, and where all are described. */
import type { Words } from "../words/zh";

export interface Interface {
  name: keyof Words["frame"]["interfaces"];
  address: string;
  /** Whether a browser can show it. */
  shown?: boolean;
}

export const INTERFACES: readonly Interface[] = [
  { name: "openai", address: "POST /v1/completions" },
  { name: "chat", address: "POST /v1/chat/completions" },
  { name: "models", address: "GET /v1/models" },
  { name: "kobold", address: "POST /api/v1/generate" },
  { name: "desk", address: "POST /desk/writings" },
  { name: "description", address: "GET /openapi.json", shown: true },
  { name: "health", address: "GET /healthz" },
  { name: "ready", address: "GET /readyz" },
  { name: "metrics", address: "GET /metrics", shown: true },
];
