// The text by keyboard. However long it is, Tab stops at one of its times only; arrow keys go from there to the other paragraphs
// and to each word, and Enter plays from the chosen one.

import { Mark, selectWords, wordsOf } from "./spoken.js";

export class Reading {
  // `edit` takes a passage and tells whether it is edited, which Enter does then instead of playing.
  constructor(transcript, playFrom, edit) {
    this.transcript = transcript;
    this.playFrom = playFrom;
    this.edit = edit;
    this.mark = new Mark("chosen");
    this.said = document.getElementById("announcement");
    this.read([transcript]);
    const changes = new MutationObserver((records) => this.read(records.flatMap(({ addedNodes }) => [...addedNodes])));
    changes.observe(transcript, { childList: true });
    transcript.addEventListener("focusin", (event) => this.enter(event.target));
    transcript.addEventListener("focusout", () => this.forget());
    transcript.addEventListener("keydown", (event) => this.press(event));
  }

  // Takes what is new in the text: of all of it, the browser would look at each link again.
  read(nodes) {
    const links = nodes.flatMap((node) => [...(node.querySelectorAll?.(".moment, [data-voice], [data-edit]") ?? [])]);
    for (const link of links) link.tabIndex = -1; // The keys s and e do what the others do.
    this.moments = [...this.transcript.querySelectorAll(".moment")];
    this.stopAt((this.stop && document.getElementById(this.stop.id)) ?? this.moments[0]);
  }

  // Make this the one that Tab leads to.
  stopAt(moment) {
    if (!moment || (moment === this.stop && !moment.tabIndex)) return;
    if (this.stop) this.stop.tabIndex = -1;
    this.stop = moment;
    this.stop.tabIndex = 0;
  }

  // The paragraph that is played is where Tab leads, unless a person is reading elsewhere.
  follow(paragraph) {
    if (paragraph && !this.transcript.contains(document.activeElement)) this.stopAt(paragraph.querySelector(".moment"));
  }

  enter(target) {
    this.forget();
    if (!target.matches(".moment")) return;
    this.stopAt(target);
    this.words = [...target.parentElement.querySelectorAll("[data-words]")].flatMap((passage) =>
      wordsOf(passage).map((_, index, all) => ({ passage, all, index })),
    );
  }

  // The passage of the word that was chosen, undefined where none is.
  get passage() {
    return this.words?.[this.word]?.passage;
  }

  forget() {
    this.word = -1;
    this.words = [];
    this.anchor = undefined;
    this.mark.show(null);
  }

  press(event) {
    if (!event.target.matches(".moment") || event.ctrlKey || event.metaKey || event.altKey) return;
    const act = event.shiftKey ? this.selecting()[event.key] : this.actions()[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }

  actions() {
    const at = this.moments.indexOf(this.stop);
    return {
      ArrowUp: () => this.moments[at - 1]?.focus(),
      ArrowDown: () => this.moments[at + 1]?.focus(),
      Home: () => this.moments[0].focus(),
      End: () => this.moments.at(-1).focus(),
      ArrowLeft: () => this.choose(this.word - 1),
      ArrowRight: () => this.choose(this.word + 1),
      Enter: () => this.play(),
    };
  }

  selecting() {
    return { ArrowLeft: () => this.select(-1), ArrowRight: () => this.select(1) };
  }

  // From the chosen word on, first only that one: as by mouse, so that all that acts on what is selected does on this.
  select(step) {
    const isFirst = this.anchor === undefined || getSelection().isCollapsed;
    const edge = isFirst ? Math.max(0, this.word) : this.word + step;
    if (!this.words[edge]) return;
    if (isFirst) this.anchor = edge;
    this.word = edge;
    this.mark.show(null);
    selectWords(...[this.anchor, edge].sort((one, other) => one - other).map((word) => this.words[word]));
    this.said.textContent = `Selected: ${getSelection()}`;
  }

  choose(word) {
    if (!this.words[word]) return;
    if (this.anchor !== undefined) getSelection().removeAllRanges();
    this.anchor = undefined;
    this.word = word;
    const { passage, all, index } = this.words[word];
    this.said.textContent = this.mark.show(passage, all, index);
  }

  // The passage that is meant: that of the chosen word, else the first one of the paragraph that has the focus or had it last.
  get here() {
    return this.passage ?? this.stop?.parentElement.querySelector("[data-segment]");
  }

  play() {
    if (this.edit(this.here)) return;
    const chosen = this.words[this.word];
    this.playFrom(chosen ? chosen.all[chosen.index][1] : Number(this.stop.dataset.start));
  }
}
