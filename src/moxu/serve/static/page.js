// Continues the text of the page through /v1/completions, piece by piece.

const $ = (id) => document.getElementById(id);
let writing = null;

function headers() {
  const key = $("key").value.trim();
  return { "content-type": "application/json", ...(key && { authorization: `Bearer ${key}` }) };
}

async function listModels() {
  const answer = await fetch("/v1/models", { headers: headers() });
  if (!answer.ok) {
    $("status").textContent = (await answer.json()).error.message;
    return;
  }
  const models = (await answer.json()).data;
  $("model").replaceChildren(...models.map((model) => new Option(model.id)));
  $("status").textContent = "";
}

// Yields the objects of a stream of server-sent events, until [DONE].
async function* events(body) {
  let waiting = "";
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) throw new Error("the connection ended before the text did");
    const parts = (waiting + value).split("\n\n");
    waiting = parts.pop();
    for (const part of parts) {
      const data = part.replace(/^data: /, "");
      if (data === "[DONE]") return;
      yield JSON.parse(data);
    }
  }
}

async function write() {
  const text = $("text");
  const wish = { prompt: text.value, max_chars: Number($("chars").value), stream: true };
  if ($("model").value) wish.model = $("model").value;
  writing = new AbortController();
  const answer = await fetch("/v1/completions", {
    method: "POST",
    headers: headers(),
    body: JSON.stringify(wish),
    signal: writing.signal,
  });
  if (!answer.ok) throw new Error((await answer.json()).error.message);
  for await (const event of events(answer.body)) {
    if (event.error) throw new Error(event.error.message);
    for (const choice of event.choices) {
      text.value += choice.text;
      text.scrollTop = text.scrollHeight;
    }
  }
}

$("desk").addEventListener("submit", async (event) => {
  event.preventDefault();
  if (writing) return;
  $("go").disabled = true;
  $("stop").disabled = false;
  $("status").textContent = "writing …";
  try {
    await write();
    $("status").textContent = "";
  } catch (error) {
    $("status").textContent = error.name === "AbortError" ? "stopped" : error.message;
  } finally {
    writing = null;
    $("go").disabled = false;
    $("stop").disabled = true;
  }
});
$("stop").addEventListener("click", () => writing?.abort());
$("key").addEventListener("change", listModels);
listModels();
