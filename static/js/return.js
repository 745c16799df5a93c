// A page that is shown while the service stops or starts anew: it tells when the service is gone, and leads on once another start answers.

const EVERY = 1000;
const LATE = 60000;

const place = document.querySelector("[data-return]");

async function find() {
  try {
    const answer = await fetch(place.dataset.return, { cache: "no-store", headers: { Accept: "application/json" } });
    const isBack = answer.status === 401 || (answer.ok && (await answer.json()).start !== place.dataset.start);
    return { isBack, isGone: false };
  } catch {
    return { isBack: false, isGone: true };
  }
}

function show(selector, isShown) {
  const found = place.querySelector(selector);
  if (found) found.hidden = !isShown;
}

function tellGone() {
  const title = place.querySelector("[data-gone]");
  if (!title || title.textContent === title.dataset.gone) return;
  document.title = document.title.replace(title.textContent, title.dataset.gone);
  title.textContent = title.dataset.gone;
}

async function wait(began) {
  const { isBack, isGone } = await find();
  if (isBack) {
    location.replace(place.dataset.next);
    return;
  }
  if (isGone) tellGone();
  show("[data-late]", performance.now() - began >= LATE);
  setTimeout(wait, EVERY, began);
}

if (place) {
  show("[data-waiting]", true);
  setTimeout(wait, EVERY, performance.now());
}
