// A page that is shown while the service starts anew: it asks until another start answers, and leads on.

const EVERY = 1000;
const LATE = 60000;

const place = document.querySelector("[data-return]");

async function isBack() {
  try {
    const answer = await fetch(place.dataset.return, { cache: "no-store", headers: { Accept: "application/json" } });
    return answer.status === 401 || (answer.ok && (await answer.json()).start !== place.dataset.start);
  } catch {
    return false; // It is away just now.
  }
}

async function wait(began) {
  if (await isBack()) {
    location.replace(place.dataset.next);
    return;
  }
  place.querySelector("[data-late]").hidden = performance.now() - began < LATE;
  setTimeout(wait, EVERY, began);
}

if (place) {
  place.querySelector("[data-waiting]").hidden = false;
  setTimeout(wait, EVERY, performance.now());
}
