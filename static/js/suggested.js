// Where in the text a suggestion waits to be decided: a link to it below the paragraph, so that nobody reads past it. Without this
// script the notice above the text tells the times.

const transcript = document.getElementById("transcript");

function waiting() {
  return [...document.querySelectorAll("#suggestions [data-suggested]")];
}

// The paragraph in which the stretch begins. One in silence is told at the paragraph before it, once all of the text is there.
function paragraphAt([start, end]) {
  const passages = [...transcript.querySelectorAll("[data-segment]")];
  const middle = ({ dataset }) => (Number(dataset.start) + Number(dataset.end)) / 2;
  const inside = passages.find((each) => middle(each) >= start && middle(each) <= end);
  const before = () => passages.findLast((each) => middle(each) < start) ?? passages[0];
  const passage = inside ?? (document.getElementById("rest") ? null : before());
  return passage?.closest(".paragraph");
}

function signOf(link) {
  const sign = link.cloneNode(true);
  sign.id = `${link.id}-here`;
  sign.className = "suggested";
  sign.lang = "en";
  sign.lastChild.textContent = `Suggestion for ${link.dataset.stretch}`;
  return sign;
}

function point() {
  const signs = new Set();
  for (const link of waiting()) {
    const paragraph = paragraphAt(link.dataset.suggested.split(" ").map(Number));
    if (!paragraph) continue;
    const there = document.getElementById(`${link.id}-here`);
    const sign = there ?? signOf(link);
    if (sign.parentElement !== paragraph) paragraph.append(sign);
    if (!there) htmx.process(sign);
    signs.add(sign);
  }
  for (const sign of transcript.querySelectorAll(".suggested")) if (!signs.has(sign)) sign.remove();
}

new MutationObserver(point).observe(transcript, { childList: true });
document.body.addEventListener("htmx:afterSettle", ({ detail }) => detail.target.id === "suggestions" && point());

// A suggestion whose acceptance was undone is to be decided again.
document.body.addEventListener("htmx:afterRequest", ({ detail }) => {
  const block = document.getElementById("suggestions");
  if (detail.requestConfig.verb !== "get" && block && "any" in block.dataset) htmx.trigger(document.body, "suggestions-changed");
});
point();
