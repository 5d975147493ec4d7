// classes.html: one class, every model of a board: accuracy and the most frequent wrong answers.
"use strict";

(function () {
  const { make, foreign, fillSelect, readView, viewHash, writeView, onView, later, drawing } = HARNESS;
  const { both, without, places, accuracy } = NUMBERS;
  const WRONG = 3;
  const AT_FIRST = 20;
  const at = (id) => document.getElementById(id);
  let boards = null;

  /** The classes whose name or id contains the text; all for an empty text. */
  function matching(images, query) {
    const wanted = query.trim().toLowerCase();
    return RUNS.classOptions(images).filter(({ value, text }) => value === wanted || text.toLowerCase().includes(wanted));
  }

  /** What the address asks for, completed and corrected by what there is. */
  async function settle(view) {
    const board = boards.boards.find((each) => each.slug === view.b) || boards.boards[0];
    const images = await RUNS.openImages(board.benchmark);
    const options = matching(images, view.q || "");
    const kept = options.some((option) => option.value === view.c);
    const benchmark = boards.benchmarks[board.benchmark];
    return {
      board, images, options, benchmark, class: kept ? view.c : options.length ? options[0].value : "",
      view: { b: board.slug, q: view.q || "", c: kept ? view.c : "", n: view.n === "all" ? "all" : "" },
    };
  }

  function fillControls({ board, options, class: id, view }) {
    fillSelect(at("board"), RUNS.boardOptions(boards.boards), board.slug);
    fillSelect(at("class"), options, id);
    if (document.activeElement !== at("query")) at("query").value = view.q;
  }

  /**
   * What a run makes of the images of a class.
   * @returns {{n: number, right: number, accuracy: ?number, wrong: Array<[number|string, number]>}}
   *   wrong answers (classes, or statuses where no class was named), most frequent first
   */
  function known(run, board, judgement, bits) {
    const counts = new Map();
    for (const place of places(both(without(judgement.scored, judgement.right), bits))) {
      const answer = RUNS.countsAs(run, place, board.protocol);
      counts.set(answer, (counts.get(answer) || 0) + 1);
    }
    return { ...RUNS.tally(judgement, bits), wrong: RUNS.mostFrequent(counts).slice(0, WRONG) };
  }

  function wrongText(images, [answer, times]) {
    return RUNS.answerText(images, answer) + " (" + times + ")";
  }

  function modelRow({ board, benchmark, images, class: id }, row, run, bits) {
    const judgement = RUNS.judged(run, board.protocol, benchmark.headline);
    const found = known(run, board, judgement, bits);
    const explorer = viewHash({ a: board.slug + ":" + row.entry, c: id });
    return make("tr", { "data-entry": row.entry },
      make("th", { scope: "row" }, make("a", { href: "models/" + row.entry + ".html" }, foreign(RUNS.rowName(board, row)))),
      make("td", { class: "number", "data-cell": "accuracy" }, accuracy(found.accuracy)),
      make("td", { class: "number", "data-cell": "right" }, found.right + " of " + found.n),
      make("td", { "data-cell": "wrong" }, found.wrong.map((each) => wrongText(images, each)).join(", ") || "–"),
      make("td", {}, make("a", { href: "explorer.html" + explorer }, "images",
        make("span", { class: "for-readers" }, " of ", foreign(RUNS.rowName(board, row))))));
  }

  function table(chosen, rows, runs) {
    const id = Number(chosen.class);
    const bits = RUNS.classBits(chosen.images, id);
    const caption = RUNS.className(chosen.images, id) + ", by " + chosen.benchmark.headline;
    return make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
      make("table", { id: "models" },
        make("caption", {}, caption),
        make("thead", {}, make("tr", {}, ...["Model", "Accuracy (%)", "Right", "Most frequent wrong answers", "Explorer"]
          .map((text) => make("th", { scope: "col", class: text === "Accuracy (%)" ? "number" : null }, text)))),
        make("tbody", {}, ...rows.map((row, place) => modelRow(chosen, row, runs[place], bits)))));
  }

  function statusText(chosen, rows) {
    const classes = chosen.options.length + " of " + chosen.images.names.size + " classes match";
    return classes + ". " + rows.length + " of " + chosen.board.rows.length + " models shown.";
  }

  const redraw = drawing(async (late) => {
    boards = await RUNS.openBoards();
    const chosen = await settle(readView());
    const rows = chosen.class ? chosen.board.rows.slice(0, chosen.view.n ? undefined : AT_FIRST) : [];
    const runs = await Promise.all(rows.map(RUNS.openRun));
    if (late()) return;
    fillControls(chosen);
    at("controls").hidden = false;
    writeView(chosen.view, false);
    at("status").textContent = statusText(chosen, rows);
    const more = chosen.board.rows.length - rows.length;
    at("result").replaceChildren(...(chosen.class ? [table(chosen, rows, runs)] : []),
      ...(chosen.class && more ? [make("p", {}, make("a", { href: viewHash({ ...chosen.view, n: "all" }) },
        "Load the other " + more + " models"))] : []));
    at("result").hidden = false;
  });

  function change(step) {
    writeView({ ...readView(), b: at("board").value, q: at("query").value, c: at("class").value }, step);
    redraw();
  }

  at("board").addEventListener("change", () => change(true));
  at("class").addEventListener("change", () => change(true));
  at("query").addEventListener("input", later(() => change(false), 150));
  onView(redraw);
  redraw();
})();
