// Which word is spoken when. Each passage carries its words' places in one attribute ("offset:seconds offset:seconds"), and the
// spoken word is marked by a highlight, so that a transcript of hours has no element for each word.

export class SpokenWord {
  // `onParagraph` and `onPassage` are called with what is spoken from now on, null where nothing is.
  constructor(transcript, { onParagraph, onPassage }) {
    Object.assign(this, { transcript, onParagraph, onPassage });
    this.spoken = new Mark("spoken");
    this.read();
    new MutationObserver(() => this.read()).observe(transcript, { childList: true });
  }

  read() {
    this.passages = [...this.transcript.querySelectorAll("[data-words]")];
    this.starts = this.passages.map((passage) => Number(passage.dataset.start));
    this.index = this.word = undefined;
    if (this.seconds !== undefined) this.mark(this.seconds); // A long text comes in parts.
  }

  // Called for each frame while it plays: it parses a passage once, and touches the page only for another word.
  mark(seconds) {
    this.seconds = seconds;
    const index = lastAtOrBefore(this.starts, seconds);
    if (index !== this.index) this.enter(index);
    const word = lastAtOrBefore(this.times, seconds);
    if (word === this.word) return;
    this.word = word;
    this.spoken.show(this.passages[index], this.words, word);
  }

  enter(index) {
    this.index = index;
    this.word = undefined;
    this.words = index < 0 ? [] : wordsOf(this.passages[index]);
    this.times = this.words.map((each) => each[1]);
    this.onPassage(this.passages[index] ?? null);
    const paragraph = this.passages[index]?.closest(".paragraph") ?? null;
    if (paragraph === this.paragraph) return;
    this.paragraph?.removeAttribute("data-playing");
    paragraph?.setAttribute("data-playing", "");
    this.paragraph = paragraph;
    this.onParagraph(paragraph);
  }
}

// One word of the text, marked by the highlight of this name.
export class Mark {
  constructor(name) {
    this.highlight = "highlights" in CSS ? new Highlight() : null;
    if (this.highlight) CSS.highlights.set(name, this.highlight);
  }

  // Takes a passage, its words and the index of one of them; marks nothing where there is none. Returns the marked text.
  show(passage, words, index) {
    this.highlight?.clear();
    if (!passage || !words[index]) return "";
    const range = new Range();
    range.setStart(...placeIn(passage, words[index][0]));
    range.setEnd(...placeIn(passage, endOf(passage, words, index)));
    this.highlight?.add(range);
    return range.toString();
  }
}

// Where a word ends, without the space behind it.
function endOf(passage, words, index) {
  return passage.textContent.slice(0, words[index + 1]?.[0]).trimEnd().length;
}

// Selects from the beginning of one word to the end of another one, each given as { passage, all, index }.
export function selectWords(first, last) {
  const start = placeIn(first.passage, first.all[first.index][0]);
  getSelection().setBaseAndExtent(...start, ...placeIn(last.passage, endOf(last.passage, last.all, last.index)));
}

// From where in the first to where in the last of some passages a range goes.
export function placesOf(range, first, last) {
  const start = first.contains(range.startContainer) ? offsetIn(first, range.startContainer, range.startOffset) : 0;
  const end = last.contains(range.endContainer) ? offsetIn(last, range.endContainer, range.endOffset) : last.textContent.length;
  return [start, end];
}

// The seconds at which the first and the last word begin of which something lies between two places; null where none is known.
export function wordsBetween(first, last, [start, end]) {
  const all = wordsOf(first);
  const from = all.find((_, index) => endOf(first, all, index) > start)?.[1];
  const to = wordsOf(last).findLast(([offset]) => offset < end)?.[1];
  return from <= to ? [from, to] : null;
}

// The node and the offset in it of a place in a passage's text, which has nodes of its own for the words that are marked.
function placeIn(passage, offset) {
  const walker = document.createTreeWalker(passage, NodeFilter.SHOW_TEXT);
  let node = walker.nextNode();
  while (offset > node.length) {
    offset -= node.length;
    node = walker.nextNode();
  }
  return [node, offset];
}

// The words of a passage as [offset, seconds].
export function wordsOf(passage) {
  const places = passage.dataset.words.split(" ").filter(Boolean);
  return places.map((place) => place.split(":").map(Number));
}

// The time that a click in the text stands for; null for a click elsewhere, for one that opens a link in another place, and
// while text is being selected.
export function timeAt(event) {
  const target = event.target.closest("[data-start]");
  if (!target || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || !getSelection().isCollapsed) return null;
  if (!("words" in target.dataset)) return Number(target.dataset.start);
  const words = wordsOf(target);
  const word = lastAtOrBefore(words.map((each) => each[0]), offsetAt(event));
  return word < 0 ? Number(target.dataset.start) : words[word][1];
}

// The place in the text that was clicked on, counted in characters from the start of its passage.
export function offsetAt({ target, clientX, clientY }) {
  const position = document.caretPositionFromPoint?.(clientX, clientY);
  const caret = position ? null : document.caretRangeFromPoint?.(clientX, clientY);
  const [node, offset] = position ? [position.offsetNode, position.offset] : [caret?.startContainer, caret?.startOffset];
  const passage = target.closest("[data-start]");
  return passage.contains(node) ? offsetIn(passage, node, offset) : 0;
}

// The place of a point of the document in the text of the passage that it is in.
export function offsetIn(passage, node, offset) {
  const before = new Range();
  before.setStart(passage, 0);
  before.setEnd(node, offset);
  return before.toString().length;
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
