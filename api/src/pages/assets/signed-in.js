// Tells the page that waits for it, and closes the window beside it.

const channel = new BroadcastChannel("veridose");
channel.postMessage("signed-in");
channel.close();
globalThis.close();
