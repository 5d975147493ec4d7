// Where the explorer's images come from: the site, where they may be shipped, else the viewer's own
// folder, read in place and never sent anywhere.
"use strict";

var PICTURES = (function () {
  const IMAGENET_VAL = /ILSVRC2012_val_\d{8}/;
  const SUFFIX = /(?<=.)\.(jpe?g|png|webp|bmp|gif|tiff?|ppm)$/i;
  /** @type {Map<string, File>} Files of the viewer's folder, by image id. */
  const own = new Map();
  /** @type {Map<string, string>} Addresses of files that have been shown, by image id. */
  const addresses = new Map();

  /**
   * The image id that a file name means; the same as harness.data.image_ids.image_id_of.
   * @param {string} fileName with folders
   */
  function imageIdOf(fileName) {
    const found = IMAGENET_VAL.exec(fileName);
    return found ? found[0] : fileName.replace(/.*[\\/]/s, "").replace(SUFFIX, "");
  }

  /**
   * Take the files of a folder.
   * @param {Iterable<File>} files
   * @param {Map<string, number>} placeOf the ids that the benchmark has
   * @returns {{files: number, matched: number}}
   */
  function useFolder(files, placeOf) {
    addresses.forEach((address) => URL.revokeObjectURL(address));
    addresses.clear();
    own.clear();
    let seen = 0;
    for (const file of files) {
      const id = imageIdOf(file.webkitRelativePath || file.name);
      seen += 1;
      if (placeOf.has(id)) own.set(id, file);
    }
    return { files: seen, matched: own.size };
  }

  /**
   * @param {{images: ?string}} benchmark its `images` say where the site has them, with
   *   `{image_id}`; null when it has none
   * @param {{pictures: ?Object, placeOf: Map<string, number>}} images its `pictures` say where those
   *   that are linked lie
   * @param {string} id
   * @returns {?string} an address for <img>, or null when there is no such image
   */
  function addressOf({ images: template }, { pictures, placeOf }, id) {
    if (template) return HARNESS.root + template.replace("{image_id}", encodeURIComponent(id));
    const linked = pictures && pictures.paths[placeOf.get(id)];
    if (linked) return HARNESS.root + pictures.base + linked;
    if (!own.has(id)) return null;
    if (!addresses.has(id)) addresses.set(id, URL.createObjectURL(own.get(id)));
    return addresses.get(id);
  }

  return Object.freeze({ imageIdOf, useFolder, addressOf });
})();
