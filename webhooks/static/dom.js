// Elements: found by id, made with text (never with HTML), shown and hidden.

export const $ = (id) => document.getElementById(id);

// make("p", { class: "muted", hidden: true }, "some text", otherElement)
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "onclick") element.addEventListener("click", value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `/static/icons.svg#${name}`);
  svg.append(use);
  return svg;
}

export function show(element, shown = true) {
  element.hidden = !shown;
}

// Change the words of a button that has an icon and a span.
export function label(button, words, iconName) {
  button.querySelector("span").textContent = words;
  if (iconName) button.querySelector("use").setAttribute("href", `/static/icons.svg#${iconName}`);
}

export function facts(list, pairs) {
  const given = pairs.filter(([, value]) => value !== null && value !== undefined && value !== "");
  list.replaceChildren(...given.map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value))));
}

// Wait with doing something until it has not been asked for again for a while.
export function debounced(work, ms) {
  let timer;
  return (...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => work(...given), ms);
  };
}
