// Paragraphs that an answer brings take the place of those that are there. Not by htmx: with each of them it would tell again of all
// that came before it, so that an answer with most of a long text would hold up the page.

export class Paragraphs {
  constructor(transcript) {
    this.transcript = transcript;
    document.body.addEventListener("htmx:oobBeforeSwap", (event) => this.take(event));
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
