// Paragraphs that an answer brings take the place of those that are there, and a further part of a long text that of the line that
// asks for it. Not by htmx: it would tell of each of them by a dozen events, and with some also again of all that came before, so
// that an answer with much of a long text would hold up the page. Nothing in a paragraph is for htmx.

export class Paragraphs {
  constructor(transcript) {
    this.transcript = transcript;
    document.body.addEventListener("htmx:oobBeforeSwap", (event) => this.take(event));
    document.body.addEventListener("htmx:beforeSwap", ({ detail }) => detail.target.id === "rest" && detail.shouldSwap && this.add(detail));
  }

  add(detail) {
    detail.shouldSwap = false;
    const part = document.createElement("template");
    part.innerHTML = detail.serverResponse;
    const rest = part.content.getElementById("rest");
    detail.target.replaceWith(part.content);
    if (rest) setTimeout(() => htmx.process(rest)); // It asks at once, when htmx is done with this part.
  }

  // Not of one that is edited: the editor keeps what comes for it. What comes beside a paragraph is a <div>.
  take(event) {
    const { target, fragment } = event.detail;
    if (event.defaultPrevented || target.parentElement !== this.transcript || fragment.localName === "div") return;
    event.preventDefault();
    put(target, fragment);
  }
}

// Where nothing comes for it, the paragraph is gone.
export function put(target, fragment) {
  const paragraph = fragment.querySelector?.(".paragraph");
  if (paragraph) target.replaceWith(paragraph);
  else target.remove();
}
