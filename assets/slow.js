// Over a slow line photographs travel smaller, until somebody wants them whole. What that changes in the decisions is
// measured by tests/benchmarks/smaller.py.
(function () {
  "use strict";
  const LONGEST = 1280; // pixels; far more than any model looks at, and sharp on the page
  const WORTH_IT = 400000; // bytes; below them scaling saves no time
  const SLOW = 250000; // bytes a second
  const ENOUGH = 50000; // bytes and milliseconds from which on a speed can be told
  const SETTLED = 500;
  const shared = (window.dermaboard = window.dermaboard || {});
  const byId = (id) => document.getElementById(id);
  let measured = null; // bytes a second, of the last upload
  let whole = false; // what somebody chose, until the page is left

  // What is known before the first upload: the browser's own hint, and how fast this page came.
  function hinted() {
    const line = navigator.connection;
    if (line && (line.saveData || ["slow-2g", "2g", "3g"].includes(line.effectiveType))) return true;
    const speeds = performance.getEntriesByType("resource")
      .filter((one) => one.transferSize > ENOUGH)
      .map((one) => 1000 * one.transferSize / (one.responseEnd - one.responseStart));
    return speeds.length > 0 && Math.max(...speeds) < SLOW;
  }

  const isSlow = () => (measured === null ? hinted() : measured < SLOW);

  function tell() {
    if (!byId("slow")) return;
    byId("slow").hidden = !isSlow();
    byId("slow-words").textContent = "The line is slow: photographs travel " +
      (whole ? "at full size." : "smaller, at most " + LONGEST + " pixels wide or high.");
    byId("slow-switch").textContent = whole ? "Send smaller" : "Send full size";
  }

  shared.line = {
    // Told of every upload under way: its bytes so far, the milliseconds that they took, and how many share the line.
    // Whether what is on its way at full size had better begin anew.
    measure: function (bytes, milliseconds, sharing) {
      if (bytes < ENOUGH || milliseconds < SETTLED) return false;
      measured = 1000 * bytes * sharing / milliseconds;
      tell();
      return isSlow() && !whole;
    },
    prepare: (file) => (isSlow() && !whole && file.size > WORTH_IT ? shared.shrink(file) : file),
    isWorthIt: (bytes) => bytes > WORTH_IT,
    tell: tell,
  };

  // Drawing an <img> keeps the EXIF orientation in every browser, which resizing an ImageBitmap does not; a canvas is in
  // sRGB, whatever profile the file has.
  shared.shrink = async function (file, longest = LONGEST) {
    const address = URL.createObjectURL(file);
    try {
      const image = new Image();
      image.src = address;
      await image.decode();
      const scale = longest / Math.max(image.naturalWidth, image.naturalHeight);
      if (scale >= 1) return file;
      const canvas = document.createElement("canvas");
      canvas.width = Math.round(image.naturalWidth * scale);
      canvas.height = Math.round(image.naturalHeight * scale);
      const context = canvas.getContext("2d");
      context.fillStyle = "#fff"; // a JPEG has no transparency
      context.fillRect(0, 0, canvas.width, canvas.height);
      context.imageSmoothingQuality = "high";
      context.drawImage(image, 0, 0, canvas.width, canvas.height);
      const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.9));
      return blob && blob.size < file.size ? new File([blob], file.name, { type: blob.type }) : file;
    } catch {
      return file; // What the browser cannot decode (HEIC, TIFF, DICOM) goes as it is.
    } finally {
      URL.revokeObjectURL(address);
    }
  };

  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Element) || !event.target.closest("#slow-switch")) return;
    whole = !whole;
    tell();
  });
})();
