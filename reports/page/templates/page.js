"use strict";

// The table: a click on a heading sorts by its column, undefined values last; boxes show and hide columns.
for (const table of document.querySelectorAll(".sortable")) {
  const headings = [...table.tHead.rows[0].cells];
  headings.forEach((heading, column) => heading.querySelector("button").addEventListener("click", () => {
    const falling = heading.getAttribute("aria-sort") ? heading.getAttribute("aria-sort") === "ascending" : column > 0;
    const rows = [...table.tBodies[0].rows].map((row) => [row.cells[column].dataset.value, row]);
    const numbers = rows.every(([value]) => value === "" || isFinite(value));
    rows.sort(([one], [other]) => {
      if (one === "" || other === "") return (one === "") - (other === "");
      const order = numbers ? one - other : one.localeCompare(other);
      return falling ? -order : order;
    });
    headings.forEach((each) => each.removeAttribute("aria-sort"));
    heading.setAttribute("aria-sort", falling ? "descending" : "ascending");
    table.tBodies[0].append(...rows.map(([, row]) => row));
  }));
  for (const box of document.querySelectorAll("#columns input")) {
    // Applied at once too, since a browser may remember the boxes of an earlier visit.
    const apply = () => { for (const row of table.rows) row.cells[box.dataset.column].hidden = !box.checked; };
    box.addEventListener("change", apply);
    apply();
  }
}

// The gallery. Heatmaps come as data within scripts, since a page from disk may not read the pixels of an image file.
const cam = (() => {
  // Colours as alpha, blue, green, red: of the true defect's outline, and of a line on its inner and its outer side.
  const AT_ONCE = 3, PINK = 0xffd040ff, LINE = [0, 0xffffffff, 0xff000000];
  const byId = (id) => document.getElementById(id);
  const waiting = new Map();
  let index, shown = [], first = 0;

  function make(tag, fields, ...children) {
    const element = Object.assign(document.createElement(tag), fields);
    element.append(...children);
    return element;
  }

  async function pixels(source) {
    const picture = new Image();
    picture.src = source;
    await picture.decode();
    const canvas = make("canvas", { width: picture.naturalWidth, height: picture.naturalHeight });
    const context = canvas.getContext("2d");
    context.drawImage(picture, 0, 0);
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    return Uint8Array.from({ length: data.length / 4 }, (_, number) => data[4 * number]);
  }

  function load(image) {
    return new Promise((resolve) => {
      waiting.set(image.file, resolve);
      document.head.append(make("script", { src: `gallery/${image.file}.js`, onload() { this.remove(); } }));
    });
  }

  // Return the border of `region`: 1 on its inner side and 2 on its outer side, `reach` pixels wide each.
  function edges(region, width, height, reach) {
    const found = new Uint8Array(region.length);
    const compare = (place, other) => {
      if (region[place] !== region[other]) {
        found[place] = region[place] ? 1 : 2;
        found[other] = region[other] ? 1 : 2;
      }
    };
    for (let y = 0, place = 0; y < height; y++) {
      for (let x = 0; x < width; x++, place++) {
        for (let step = 1; step <= reach; step++) {
          if (x + step < width) compare(place, place + step);
          if (y + step < height) compare(place, place + step * width);
        }
        const edge = x < reach || y < reach || x >= width - reach || y >= height - reach;
        if (edge && region[place]) found[place] = 1;
      }
    }
    return found;
  }

  function paint(view) {
    const { canvas, levels, mask, scored } = view;
    const { width, height } = canvas;
    const own = byId("own").checked && scored;
    const cut = own ? scored.t : Number(byId("threshold").value);
    const reach = Math.max(1, Math.round(width / (canvas.clientWidth || width)));
    const opacity = Math.round(2.55 * byId("opacity").value);
    const packed = ([red, green, blue], alpha) => ((alpha << 24) | (blue << 16) | (green << 8) | red) >>> 0;
    const colours = Uint32Array.from(index.colours, (colour) => packed(colour, opacity));
    const context = canvas.getContext("2d");
    const image = context.createImageData(width, height), out = new Uint32Array(image.data.buffer);
    let positives = 0, hits = 0, defect = 0;
    for (let place = 0; place < mask.length; place++) defect += mask[place];
    if (levels) {
      const positive = levels.map((level) => level > cut), line = edges(positive, width, height, reach);
      for (let place = 0; place < out.length; place++) {
        out[place] = line[place] ? LINE[line[place]] : colours[levels[place]];
        positives += positive[place];
        hits += positive[place] & mask[place];
      }
    }
    if (byId("truth").checked) {
      edges(mask, width, height, reach).forEach((side, place) => { if (side === 2) out[place] = PINK; });
    }
    context.putImageData(image, 0, 0);
    if (levels) describe(view, cut, positives, own ? scored.iou : (defect ? hits / (positives + defect - hits) : null));
  }

  function describe({ canvas, caption, name, image, scored }, cut, positives, iou) {
    const words = iou === null ? "no defect" : `IoU\u00a0${(100 * iou).toFixed(1)}\u00a0%`;
    const failed = scored && scored.status !== "ok" ? `, ${scored.status}` : "";
    caption.textContent = `${name}: ${words}${failed}`;
    canvas.dataset.positives = positives;
    canvas.setAttribute("aria-label", `Heatmap of ${name} on ${image.id}, cut at level ${cut} of 255; ${words}`);
  }

  function figure(image, name, scored) {
    const canvas = make("canvas", { width: image.width, height: image.height });
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", name ? `Heatmap of ${name} on ${image.id}` : `True defect of ${image.id}`);
    const picture = make("img", { src: `gallery/${image.file}.png`, alt: name ? "" : `Image ${image.id}` });
    const status = scored === null ? "was not run on this image" : scored && scored.status;
    const caption = make("figcaption", { textContent: name ? `${name}: ${status}` : "image" });
    const element = make("figure", { className: "map" }, make("div", {}, picture, canvas), caption);
    return { element, canvas, caption, name, image, scored };
  }

  async function show(image, chosen) {
    const maps = make("div", { className: "maps" });
    byId("images").append(make("article", {}, make("h3", { textContent: `${image.id} (${image.label})` }), maps));
    const views = [figure(image, "", undefined), ...chosen.map((one) => figure(image, index.methods[one], image.scored[one]))];
    maps.append(...views.map((view) => view.element));
    const found = await load(image);
    const mask = (await pixels(found.mask)).map((value) => value > 127);
    await Promise.all(views.map(async (view, number) => {
      const source = number ? found.maps[chosen[number - 1]] : null;
      Object.assign(view, { mask, levels: source ? await pixels(source) : null });
      if (view.scored?.status === "ok" && !source) view.caption.textContent = `${view.name}: this heatmap was not kept`;
    }));
    return views;
  }

  async function refresh() {
    const words = byId("named").value.toLowerCase(), method = Number(byId("method").value), order = byId("order").value;
    const worth = (image) => image.scored[method]?.iou ?? null;
    const images = index.images.filter(({ id, label }) => `${id} ${label}`.toLowerCase().includes(words));
    if (order !== "name") {
      const sign = order === "worst" ? 1 : -1;
      images.sort((one, other) => (worth(one) === null) - (worth(other) === null) || sign * (worth(one) - worth(other)));
    }
    first = Math.max(0, Math.min(first, AT_ONCE * Math.floor((images.length - 1) / AT_ONCE)));
    const page = images.slice(first, first + AT_ONCE);
    byId("place").textContent = page.length ? `${first + 1} to ${first + page.length} of ${images.length}` : "no image of this name";
    byId("previous").disabled = first === 0;
    byId("next").disabled = first + AT_ONCE >= images.length;
    byId("images").replaceChildren();
    const chosen = index.methods.map((_, number) => number).filter((number) => byId(`method-${number}`).checked);
    const mine = shown = [];
    for (const image of page) {
      const views = await show(image, chosen);
      if (mine !== shown) return;  // Another page was asked for in the meantime.
      views.forEach(paint);
      mine.push(...views);
    }
  }

  function sliders() {
    const threshold = byId("threshold");
    document.querySelector("output[for=opacity]").value = `${byId("opacity").value} %`;
    document.querySelector("output[for=threshold]").value = byId("own").checked ? "own" : `${threshold.value} / 255`;
  }

  function repaint() {
    sliders();
    requestAnimationFrame(() => shown.forEach(paint));
  }

  return {
    loaded(file, found) { waiting.get(file)(found); },
    index(given) {
      index = given;
      index.methods.forEach((name, number) => {
        const box = make("input", { type: "checkbox", id: `method-${number}`, checked: true, onchange: refresh });
        byId("methods").append(make("label", {}, box, ` ${name}`));
        byId("method").append(make("option", { value: number, textContent: name, selected: number === index.best }));
      });
      const tick = (checked) => { for (const box of byId("methods").querySelectorAll("input")) box.checked = checked; refresh(); };
      byId("all").onclick = () => tick(true);
      byId("none").onclick = () => tick(false);
      byId("threshold").addEventListener("input", () => { byId("own").checked = false; repaint(); });
      for (const id of ["opacity", "own", "truth"]) byId(id).addEventListener("input", repaint);
      for (const id of ["named", "order", "method"]) byId(id).addEventListener("input", () => { first = 0; refresh(); });
      byId("previous").onclick = () => { first -= AT_ONCE; refresh(); };
      byId("next").onclick = () => { first += AT_ONCE; refresh(); };
      document.querySelector(".controls").onsubmit = (event) => event.preventDefault();
      sliders();
      refresh();
    },
  };
})();
