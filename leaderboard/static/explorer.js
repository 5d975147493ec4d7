// explorer.html: the images and answers of one or two runs, filtered; the view is in the address.
"use strict";

(function () {
  const { fillSelect, readView, writeView, onView, later, drawing } = HARNESS;
  const { both, without, bitsOf, places, accuracy } = NUMBERS;
  const PAGE = 50;
  /** Keys of the view in the address, and the control of each. */
  const CONTROLS = {
    a: "first", b: "second", l: "labels", g: "group", c: "class", w: "who", s: "answer", q: "query",
  };
  const at = (id) => document.getElementById(id);
  let boards = null;
  let images = null;
  let shownImage = "";

  function everyRun() {
    return boards.boards.flatMap((board) => board.rows.map((row) => ({
      value: board.slug + ":" + row.entry, board, row,
    })));
  }

  /** What the address asks for, completed and corrected by what there is. */
  function settle(view) {
    const all = everyRun();
    const first = all.find((each) => each.value === view.a) || all[0];
    const near = all.filter((each) => each.board.benchmark === first.board.benchmark);
    const second = near.find((each) => each.value === view.b && each !== first);
    const benchmark = boards.benchmarks[first.board.benchmark];
    const labels = benchmark.label_sets.includes(view.l) ? view.l : benchmark.headline;
    return {
      all, near, benchmark, labels, name: first.board.benchmark, chosen: second ? [first, second] : [first],
      view: { ...view, a: first.value, b: second ? second.value : "", l: labels === benchmark.headline ? "" : labels },
    };
  }

  function whoOptions(two) {
    const options = two
      ? [["both", "both"], ["a", "only A"], ["b", "only B"], ["neither", "neither"]]
      : [["a", "A is right"], ["neither", "A is wrong"]];
    return [["", "all"], ...options, ["unscored", "not scored"]].map(([value, text]) => ({ value, text }));
  }

  function fillControls(settled) {
    const { view, benchmark } = settled;
    const asOption = ({ value, board, row }) => ({ value, text: RUNS.rowName(board, row) + " · " + RUNS.boardName(board), group: board.benchmark });
    fillSelect(at("first"), settled.all.map(asOption), view.a);
    fillSelect(at("second"), [{ value: "", text: "none" }, ...settled.near.map(asOption)], view.b);
    fillSelect(at("labels"), RUNS.labelOptions(benchmark), settled.labels);
    const limits = {
      group: RUNS.groupOptions(benchmark, images), class: RUNS.classOptions(images),
      who: whoOptions(settled.chosen.length > 1).slice(1),
      answer: [...RUNS.STATUSES, "none"].map((value) => ({ value, text: RUNS.STATUS_TEXT[value] })),
    };
    for (const [key, id] of Object.entries(CONTROLS).filter(([, each]) => limits[each])) {
      if (!limits[id].some((option) => option.value === view[key])) view[key] = "";
      fillSelect(at(id), [{ value: "", text: "all" }, ...limits[id]], view[key]);
    }
    if (document.activeElement !== at("query")) at("query").value = view.q || "";
    at("image").value = view.i || "";
    at("own").hidden = Boolean(benchmark.images || images.pictures);
  }

  /** @returns {Uint8Array} the images on which those are right that `who` says */
  function whoBits(who, sides) {
    const all = bitsOf(images.n, () => true);
    const [a, b] = sides.map((side) => side.judgement);
    const scored = both(...sides.map((side) => side.judgement.scored), all);
    if (who === "unscored") return without(all, scored);
    const rightA = both(scored, a.right);
    const rightB = b ? both(scored, b.right) : null;
    if (who === "both") return both(rightA, rightB);
    if (who === "a") return b ? without(rightA, rightB) : rightA;
    if (who === "b") return without(rightB, rightA);
    return b ? without(without(scored, rightA), rightB) : without(scored, rightA);
  }

  /** @returns {Promise<Uint8Array>} the images where an answer of a side contains the text */
  async function textBits(query, sides, bits) {
    const wanted = query.toLowerCase();
    const found = new Set();
    for (const place of places(bits)) {
      const texts = await Promise.all(sides.map((side) => RUNS.textOf(side.run, place)));
      if (texts.some((text) => text !== null && text.toLowerCase().includes(wanted))) found.add(place);
    }
    return bitsOf(images.n, (place) => found.has(place));
  }

  async function filtered({ view, benchmark }, sides) {
    let bits = RUNS.slice(benchmark, images, view);
    if (view.w && sides.every((side) => side.judgement)) bits = both(bits, whoBits(view.w, sides));
    if (view.s) bits = both(bits, bitsOf(images.n, (place) => RUNS.statusOf(sides[0].run, place) === view.s));
    return view.q ? textBits(view.q, sides, bits) : bits;
  }

  function summary(found, page, bits, sides, labels) {
    const range = found.length ? "Images " + (PAGE * (page - 1) + 1) + "–" + Math.min(PAGE * page, found.length) + " of " + found.length : "No image";
    const told = sides.filter((side) => side.judgement).map((side) => {
      const { n, right, accuracy: share } = RUNS.tally(side.judgement, bits);
      return side.letter + ": " + accuracy(share) + " % (" + right + " of " + n + " scored)";
    });
    return range + ". By " + labels + ", " + told.join("; ") + ".";
  }

  async function showList(settled, chosen, late) {
    const bits = await filtered(settled, chosen.sides);
    const found = places(bits);
    const pages = Math.max(1, Math.ceil(found.length / PAGE));
    const page = Math.min(pages, Math.max(1, Math.floor(Number(settled.view.p)) || 1));
    const list = await EXPLORER_VIEW.list(chosen, found.slice(PAGE * (page - 1), PAGE * page));
    if (late()) return;
    const [above, below] = ["Pages of the list", "Pages of the list, again"]
      .map((label) => EXPLORER_VIEW.pager(chosen, page, pages, label));
    at("result").replaceChildren(...(found.length ? [above, list, below] : []));
    at("status").textContent = summary(found, page, bits, chosen.sides, chosen.labels);
  }

  async function showSingle(chosen, place, late) {
    const single = await EXPLORER_VIEW.single(chosen, place);
    if (late()) return;
    at("result").replaceChildren(single);
    at("status").textContent = "Image " + images.ids[place] + ".";
    at("result").hidden = false;
    if (shownImage !== images.ids[place]) single.querySelector("h2").focus();
  }

  const redraw = drawing(async (late) => {
    boards = await RUNS.openBoards();
    const settled = settle(readView());
    const loaded = await RUNS.openImages(settled.name);
    const sides = await Promise.all(settled.chosen.map(async ({ board, row }, place) => {
      const run = await RUNS.openRun(row);
      return { letter: "AB"[place], board, row, run, judgement: RUNS.judged(run, board.protocol, settled.labels) };
    }));
    if (late()) return;
    images = loaded;
    fillControls(settled);
    at("controls").hidden = false;
    writeView(settled.view, false);
    const chosen = { ...settled, images, sides };
    const wanted = settled.view.i || "";
    if (wanted && images.placeOf.has(wanted)) await showSingle(chosen, images.placeOf.get(wanted), late);
    else if (wanted) {
      at("result").replaceChildren();
      at("status").textContent = "There is no image " + wanted + ".";
    } else await showList(settled, chosen, late);
    if (late()) return;
    at("result").hidden = false;
    shownImage = wanted;
  });

  function change(step) {
    writeView(Object.fromEntries(Object.entries(CONTROLS).map(([key, id]) => [key, at(id).value])), step);
    redraw();
  }

  function useFolder() {
    const { files, matched } = PICTURES.useFolder(at("folder").files, images.placeOf);
    at("folder-status").textContent = matched + " of " + images.n + " images found among " + files + " files.";
    redraw();
  }

  function listen() {
    for (const id of Object.values(CONTROLS).filter((each) => each !== "query")) {
      at(id).addEventListener("change", () => change(true));
    }
    at("query").addEventListener("input", later(() => change(false), 250));
    at("image").addEventListener("change", () => {
      writeView({ ...readView(), i: PICTURES.imageIdOf(at("image").value.trim()) }, true);
      redraw();
    });
    at("reset").addEventListener("click", () => {
      const { a, b } = readView();
      writeView({ a, b }, true);
      redraw();
    });
    at("folder").addEventListener("change", useFolder);
    onView(redraw);
  }

  listen();
  redraw();
})();
