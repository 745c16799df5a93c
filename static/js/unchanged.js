// What an answer brings again just as it stands in the page is left there: each element that htmx takes away costs it two events,
// and most of what an answer brings with a correction has not changed.

document.body.addEventListener("htmx:oobBeforeSwap", (event) => {
  const { target, fragment } = event.detail;
  const brought = fragment.firstElementChild;
  // What is put inside or beside, such as what a screen reader says, is no other state of the same element.
  if (event.defaultPrevented || fragment.nodeType !== Node.DOCUMENT_FRAGMENT_NODE || brought?.id !== target.id) return;
  if (target.contains(document.activeElement) || isTypedIn(target) || !bare(target).isEqualNode(bare(brought))) return;
  event.preventDefault();
  const news = hiddenIn(brought);
  hiddenIn(target).forEach((field, place) => (field.value = news[place].value));
});

function isTypedIn(target) {
  return [...target.querySelectorAll("input:not([type=hidden]), textarea, select")].some((field) => {
    if (field.localName !== "select") return field.value !== field.defaultValue || field.checked !== field.defaultChecked;
    const first = [...field.options].findIndex((option) => option.defaultSelected);
    return field.multiple || field.selectedIndex !== Math.max(0, first);
  });
}

function hiddenIn(element) {
  return [...element.querySelectorAll("input[type=hidden]")];
}

// Without what differs each time, and without what a person opened.
function bare(element) {
  const copy = element.cloneNode(true);
  for (const field of hiddenIn(copy)) field.removeAttribute("value");
  for (const details of copy.querySelectorAll("details")) details.removeAttribute("open");
  return copy;
}
