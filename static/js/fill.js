// A tag fills in what it carries where nothing was chosen by hand. Without this script the server does the same.

const box = document.querySelector("[data-fill]");
const form = box.closest("form");
const NAMES = { language: "the language", model: "the model", diarize: "speakers", prompt: "words to expect" };
const byHand = new Set();
let filled = [];
const first = Object.fromEntries(Object.keys(NAMES).map((name) => [name, read(name)]));

function read(name) {
  const field = form.elements[name];
  return field?.type === "checkbox" ? field.checked : field?.value;
}

function chosen() {
  const typed = form.elements.new_tags.value.split(",").map((name) => name.trim().toLowerCase());
  const boxes = [...box.querySelectorAll("[name=tags]")];
  return boxes.filter((tag) => tag.checked || typed.includes(tag.dataset.name));
}

// Of each the first that one of the tags carries; of the words to expect all.
function carried(name, tags) {
  const values = tags.map((tag) => tag.dataset[name]).filter(Boolean);
  if (name === "diarize") return values.length ? values[0] === "1" : undefined;
  return name === "prompt" ? [...new Set(values)].join("\n") : values[0];
}

// Returns whether the field has the value now: a model that cannot run now is not among the choices.
function write(name, value) {
  const field = form.elements[name];
  if (!field || read(name) === value) return Boolean(field);
  if (field.options && ![...field.options].some((option) => option.value === value && !option.disabled)) return false;
  if (field.type === "checkbox") field.checked = value;
  else field.value = value;
  const fold = field.closest("details");
  if (fold && value) fold.open = true; // What is filled in is seen.
  return true;
}

// What the model is explained by has changed: the page asks once, not for each.
function explain(before) {
  const changed = ["language", "model"].filter((name) => read(name) !== before[name]);
  if (changed.length) form.elements[changed[0]].dispatchEvent(new Event("change", { bubbles: true }));
}

function fill() {
  const tags = chosen();
  const before = { language: read("language"), model: read("model") };
  filled = Object.keys(NAMES).filter((name) => {
    if (byHand.has(name)) return false;
    const value = carried(name, tags);
    const hasValue = value !== undefined && value !== "";
    return write(name, hasValue ? value : first[name]) && hasValue;
  });
  explain(before);
  tell();
}

// What is chosen by hand is filled in by nothing else.
function tell() {
  const words = filled.filter((name) => !byHand.has(name)).map((name) => NAMES[name]).join(", ");
  box.querySelector("[data-filled]").textContent = words && `Filled in by your tags: ${words}.`;
}

form.elements.filled.value = "1";
form.addEventListener("change", (event) => {
  if (box.contains(event.target)) fill();
  else if (event.isTrusted) {
    byHand.add(event.target.name);
    tell();
  }
});
fill();
