// What was changed in the text, by whoever and however, stays marked until it was in sight for a few seconds. Only what is put into
// the text is looked at: reading all of a long one with each change would be felt.

const SEEN_MILLISECONDS = 4000;

export class ChangedText {
  constructor(transcript) {
    this.texts = new Map(passagesIn(transcript).map((passage) => [passage.dataset.segment, passage.textContent]));
    this.timers = new Map();
    this.unseen = new Set();
    this.observer = new IntersectionObserver((entries) => entries.forEach((entry) => this.see(entry)), { threshold: 0.5 });
    this.changes = new MutationObserver((records) => this.take(records));
    this.changes.observe(transcript, { childList: true });
    transcript.addEventListener("put-back", ({ detail }) => this.compare([detail]));
    document.body.addEventListener("htmx:afterRequest", ({ detail }) => detail.requestConfig.elt.id === "rest" && this.add());
  }

  // A further part of a long text is not changed.
  add() {
    for (const passage of addedBy(this.changes.takeRecords())) this.texts.set(passage.dataset.segment, passage.textContent);
  }

  take(records) {
    const gone = records.flatMap(({ removedNodes }) => [...removedNodes].flatMap(passagesIn));
    const here = addedBy(records);
    this.compare(here);
    const segments = new Set(here.map((passage) => passage.dataset.segment));
    for (const { dataset } of gone) if (!segments.has(dataset.segment)) this.texts.delete(dataset.segment);
  }

  compare(passages) {
    const canEdit = Boolean(document.getElementById("editing")?.dataset.segments);
    for (const passage of passages) {
      const { segment } = passage.dataset;
      const text = passage.textContent;
      if (canEdit && this.texts.get(segment) !== text) this.unseen.add(segment);
      this.texts.set(segment, text);
      if (!this.unseen.has(segment) || "changed" in passage.dataset) continue; // A mark goes with what takes its passage's place.
      passage.dataset.changed = "";
      this.observer.observe(passage);
    }
  }

  see({ target, isIntersecting }) {
    clearTimeout(this.timers.get(target));
    this.timers.delete(target);
    if (isIntersecting) this.timers.set(target, setTimeout(() => this.forget(target), SEEN_MILLISECONDS));
  }

  forget(passage) {
    delete passage.dataset.changed;
    this.unseen.delete(passage.dataset.segment);
    this.timers.delete(passage);
    this.observer.unobserve(passage);
  }
}

function passagesIn(node) {
  return [...(node.querySelectorAll?.("[data-segment]") ?? [])];
}

// Those that are still there: what an answer puts in, a later part of it may take away.
function addedBy(records) {
  const nodes = new Set(records.flatMap(({ addedNodes }) => [...addedNodes]));
  return [...nodes].filter((node) => node.isConnected).flatMap(passagesIn);
}
