// Editing the text on the page: whether a click edits or plays, and from which key or button it begins.

import { ChangedText } from "./changed.js";
import { Editor } from "./editor.js";
import { grow } from "./grow.js";
import { Outbox } from "./outbox.js";
import { Paragraphs } from "./paragraphs.js";

export class Editing {
  // `here` tells the passage that a person means, where they do not click on one.
  constructor(transcript, player, here) {
    this.transcript = transcript;
    this.here = here;
    this.outbox = new Outbox(this.bar.dataset.job ?? "", (segment) => `${this.bar.dataset.segments}${segment}/`, {
      onSaved: (segment, text) => this.editor.take(segment, text),
      onRefused: (segment, base) => this.reopen(segment, base),
      onLeft: (segment) => this.isAt(segment) && this.editor.open(this.editor.passage(segment)),
      onMixed: (segment, text) => this.write(segment, text),
      onFailed: (status) => this.editor.stay(status),
    });
    this.editor = new Editor(transcript, this.outbox, player);
    new Paragraphs(transcript); // After the editor, which is asked first.
    new ChangedText(transcript);
    document.addEventListener("click", (event) => this.click(event));
    document.addEventListener("undo-text", (event) => this.undo(event));
    document.body.addEventListener("htmx:oobAfterSwap", ({ detail }) => detail.target.id === "editing" && this.show());
    this.show();
  }

  get bar() {
    return document.getElementById("editing");
  }

  get canEdit() {
    return Boolean(this.bar.dataset.segments) && !document.getElementById("rest");
  }

  get isOn() {
    return this.canEdit && "editing" in this.transcript.dataset;
  }

  show() {
    const button = this.bar.querySelector("[data-edit-mode]");
    if (!button) return;
    button.hidden = false;
    button.ariaPressed = String(this.isOn);
    this.bar.toggleAttribute("data-on", this.isOn);
  }

  isAt(segment) {
    return Boolean(this.editor.form) && this.editor.segment === segment;
  }

  // What is not saved as it is stands before its author again. Escape then leaves it as the transcript has it.
  reopen(segment, base) {
    const { editor } = this;
    const passage = editor.passage(segment);
    if (!passage) return false;
    if (base !== undefined) passage.textContent = base;
    if (!this.isAt(segment)) editor.open(passage);
    editor.base = editor.original = passage.textContent;
    editor.field.focus();
    return true;
  }

  // What was made of both texts is what is edited from now on.
  write(segment, text) {
    if (!this.isAt(segment)) return;
    this.editor.field.value = text;
    grow(this.editor.field);
  }

  // By the button it is only turned on; by the key it begins at once, where the person is.
  toggle({ begins = false } = {}) {
    if (!this.canEdit) return;
    this.transcript.toggleAttribute("data-editing");
    if (this.isOn && begins) this.editor.open(this.here());
    else if (!this.isOn) this.editor.close();
    this.show();
  }

  click(event) {
    if (event.target.closest("[data-edit-mode]")) return this.toggle();
    const link = event.target.closest("[data-edit]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    this.editor.open(link.closest(".paragraph").querySelector("[data-segment]"));
  }

  // After all that is under way, such as what is to be undone. The text is left, since what comes back may stand in its place.
  undo(event) {
    const { editor, outbox } = this;
    event.preventDefault();
    editor.then = null;
    editor.close({ focus: editor.form?.contains(event.target) });
    outbox.act(event.detail, {});
  }

  // A click in the text while it is edited.
  take(event) {
    if (!this.isOn || !getSelection().isCollapsed || !event.target.closest("[data-segment]")) return false;
    this.editor.openAt(event);
    return true;
  }
}
