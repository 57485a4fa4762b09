// Reads a code with the camera, where the browser can.

const FORMATS = ["data_matrix", "qr_code", "code_128"];
const EVERY_MS = 120;

export const exists = "BarcodeDetector" in globalThis && Boolean(navigator.mediaDevices?.getUserMedia);

export async function read(dialog, video) {
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  const detector = new BarcodeDetector({ formats: FORMATS });
  video.srcObject = stream;
  await video.play();
  dialog.showModal();
  try {
    while (dialog.open) {
      const [found] = await detector.detect(video);
      if (found?.rawValue) return found.rawValue;
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
    return null;
  } finally {
    for (const track of stream.getTracks()) track.stop();
    video.srcObject = null;
    dialog.close();
  }
}
