// Which word is spoken when. Each passage carries its words' places in one attribute ("offset:seconds offset:seconds"), and the
// spoken word is marked by a highlight, so that a transcript of hours has no element for each word.

export class SpokenWord {
  constructor(transcript) {
    this.transcript = transcript;
    this.highlight = "highlights" in CSS ? new Highlight() : null;
    if (this.highlight) CSS.highlights.set("spoken", this.highlight);
    this.read();
    new MutationObserver(() => this.read()).observe(transcript, { childList: true });
  }

  read() {
    this.passages = [...this.transcript.querySelectorAll("[data-words]")];
    this.starts = this.passages.map((passage) => Number(passage.dataset.start));
    this.marked = "";
  }

  // The words of a passage as [offset, seconds].
  words(passage) {
    const places = passage.dataset.words.split(" ").filter(Boolean);
    return places.map((place) => place.split(":").map(Number));
  }

  mark(seconds) {
    const index = lastAtOrBefore(this.starts, seconds);
    const passage = this.passages[index];
    const words = passage ? this.words(passage) : [];
    const word = lastAtOrBefore(words.map((each) => each[1]), seconds);
    if (this.marked === `${index} ${word}`) return;
    this.marked = `${index} ${word}`;
    this.show(passage, words, word);
  }

  show(passage, words, word) {
    this.transcript.querySelector("[data-playing]")?.removeAttribute("data-playing");
    passage?.closest(".paragraph").setAttribute("data-playing", "");
    this.highlight?.clear();
    if (!this.highlight || word < 0) return;
    const text = passage.firstChild;
    const end = words[word + 1]?.[0] ?? text.length;
    const range = new Range();
    range.setStart(text, words[word][0]);
    range.setEnd(text, words[word][0] + text.data.slice(words[word][0], end).trimEnd().length);
    this.highlight.add(range);
  }

  // The time that a click in the text stands for; null for a click elsewhere, and while text is being selected.
  timeAt(event) {
    const target = event.target.closest("[data-start]");
    if (!target || !getSelection().isCollapsed) return null;
    if (!("words" in target.dataset)) return Number(target.dataset.start);
    const words = this.words(target);
    const word = lastAtOrBefore(words.map((each) => each[0]), offsetAt(event));
    return word < 0 ? Number(target.dataset.start) : words[word][1];
  }
}

function offsetAt({ clientX, clientY }) {
  const position = document.caretPositionFromPoint?.(clientX, clientY);
  if (position) return position.offset;
  return document.caretRangeFromPoint?.(clientX, clientY)?.startOffset ?? 0;
}

// The index of the last of the sorted numbers that is not greater; -1 where all are.
function lastAtOrBefore(numbers, limit) {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (numbers[middle] <= limit) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
