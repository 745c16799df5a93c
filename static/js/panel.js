// The panel of speakers: rename in place, go to a speaker's next turn or play it. Without this script its forms and links do.

const WIDE = matchMedia("(width >= 72rem)");

export class SpeakerPanel {
  // `now` tells the second that is played.
  constructor(transcript, { now, playFrom }) {
    this.transcript = transcript;
    this.now = now;
    this.playFrom = playFrom;
    this.fold(WIDE.matches);
    WIDE.addEventListener("change", () => this.fold(WIDE.matches));
    document.addEventListener("keydown", (event) => this.leave(event));
    document.addEventListener("focusout", (event) => this.save(event.target));
    document.addEventListener("submit", (event) => this.send(event.target));
    document.addEventListener("click", (event) => this.click(event));
    document.body.addEventListener("htmx:oobBeforeSwap", ({ detail }) => {
      if (detail.target.id === "speakers") this.isOpen = document.getElementById("panel-fold")?.open ?? WIDE.matches;
    });
    document.body.addEventListener("htmx:oobAfterSwap", ({ detail }) => detail.target.id === "speakers" && this.takeBack());
  }

  fold(isOpen) {
    this.isOpen = isOpen;
    const fold = document.getElementById("panel-fold");
    if (fold) fold.open = isOpen;
  }

  // Whoever has named somebody by Enter is done with the name: the field would take every key.
  takeBack() {
    this.fold(this.isOpen);
    setTimeout(() => this.goOn()); // Until then htmx gives the focus back to the field.
  }

  goOn() {
    const field = document.getElementById(this.named);
    this.named = null;
    if (field && !field.ariaInvalid) field.closest(".speaker").querySelector("[data-next-turn]").focus({ preventScroll: true });
  }

  // Escape leaves a name as it was; the focus goes to what stands beside it.
  leave(event) {
    const form = event.target.closest?.("[data-rename]");
    if (!form || event.key !== "Escape") return;
    event.preventDefault();
    form.elements.name.value = form.elements.name.dataset.saved;
    form.closest(".speaker").querySelector("[data-next-turn]").focus();
  }

  // Who types a name and goes elsewhere means it.
  save(field) {
    const form = field.closest?.("[data-rename]");
    if (form && field.name === "name" && field.value !== (field.dataset.sent ?? field.dataset.saved)) form.requestSubmit();
  }

  send(form) {
    if (!form.matches("[data-rename]")) return;
    const { name } = form.elements;
    name.dataset.sent = name.value;
    this.named = document.activeElement === name ? name.id : null;
  }

  click(event) {
    if (event.target.closest("[data-open-panel]")) this.fold(true);
    const link = event.target.closest("[data-next-turn], [data-play-turn]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    const moment = this.nextTurn(link.dataset.nextTurn ?? link.dataset.playTurn);
    if (!moment) return;
    event.preventDefault();
    moment.scrollIntoView({ block: "center" });
    if ("playTurn" in link.dataset) this.playFrom(Number(moment.dataset.start));
    else moment.focus({ preventScroll: true });
    this.last = moment.id;
  }

  // The next one after what was reached last, or is played; after the last turn the first one again.
  nextTurn(speaker) {
    const turns = [...this.transcript.querySelectorAll(`.paragraph-turn[data-speaker="${speaker}"] > .moment`)];
    const last = document.getElementById(this.last);
    const from = last ? Number(last.dataset.start) : this.now();
    return turns.find((moment) => Number(moment.dataset.start) > from + (last ? 0 : -0.01)) ?? turns[0];
  }
}
