// Has all of a part of the page in sight that there is room for, and moves no more than that takes.

const GAP = 16;

export function bringIntoSight(part) {
  const side = part.closest("[data-side]");
  if (side && getComputedStyle(side).overflowY === "auto") return bringUp(part, side);
  part.scrollIntoView({ block: part.offsetHeight < innerHeight / 2 ? "nearest" : "start" });
}

// What stands beside the text scrolls by itself. At the top of the page its end is behind the player: the page goes on until it stays.
function bringUp(part, side) {
  const top = () => part.getBoundingClientRect().top - side.getBoundingClientRect().top;
  const over = top() + part.offsetHeight - side.clientHeight;
  if (top() < 0 || over > 0) side.scrollTop += top() < 0 ? top() : Math.min(top(), over);
  const end = document.querySelector("[data-player]").getBoundingClientRect().top || innerHeight;
  const hidden = part.getBoundingClientRect().bottom + GAP - end;
  const left = side.getBoundingClientRect().top - parseFloat(getComputedStyle(side).top);
  if (hidden > 0) scrollBy(0, Math.max(0, Math.min(hidden, left)));
}
