// Everything works without this file; it only makes two things nicer.

// Times in the reader's own timezone and language.
for (const time of document.querySelectorAll("time")) {
  const moment = new Date(time.dateTime);
  time.title = time.textContent;
  time.textContent = moment.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}

// "/" jumps to the search field.
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && !event.target.closest("input, textarea")) {
    event.preventDefault();
    document.querySelector("#q").focus();
  }
});
