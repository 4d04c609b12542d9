// The device's camera on a video element, and what may go wrong with it.

const REASONS = {
  NotAllowedError:
    "The camera was refused. Allow it for this page in the browser's " +
    "settings, or choose a photo.",
  NotFoundError: "No camera was found. Choose a photo instead.",
  NotReadableError:
    "The camera is in use by another program. Close that and try again.",
};

export class Camera {
  /**
   * @param {HTMLVideoElement} video
   * @param {function(): void} onLost called when the camera is taken away.
   */
  constructor(video, onLost) {
    this.video = video;
    this.onLost = onLost;
    this.asked = 0; // counts starts and stops; older ones give way
    this.facing = "user";
    this.stream = null;
  }

  get running() {
    return this.stream !== null;
  }

  /** Whether the picture is shown as in a mirror. */
  get mirrored() {
    return this.facing === "user";
  }

  /**
   * @returns {Promise<boolean>} false if stopped, or started anew, meanwhile.
   * @throws {Error} saying why there is no picture.
   */
  async start() {
    this.stop();
    const mine = this.asked;
    if (!navigator.mediaDevices?.getUserMedia) {
      throw new Error(
        "This browser gives pages no camera here; it needs https or " +
          "localhost. Choose a photo instead.",
      );
    }
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({
        audio: false,
        video: {
          facingMode: this.facing,
          width: { ideal: 640 },
          height: { ideal: 480 },
        },
      });
    } catch (error) {
      throw new Error(
        REASONS[error.name] ?? `The camera did not start: ${error.message}`,
      );
    }
    if (mine !== this.asked) {
      stopTracks(stream);
      return false;
    }
    for (const track of stream.getTracks()) {
      track.addEventListener("ended", () => {
        if (this.stream === stream) this.onLost();
      });
    }
    this.stream = stream;
    this.video.srcObject = stream;
    try {
      await this.video.play();
    } catch (error) {
      if (mine === this.asked) throw error;
    }
    return mine === this.asked;
  }

  stop() {
    this.asked += 1;
    if (this.stream) stopTracks(this.stream);
    this.stream = null;
    this.video.srcObject = null;
  }

  async turn() {
    this.facing = this.facing === "user" ? "environment" : "user";
    return this.start();
  }

  /** How many cameras there are, as far as the browser tells. */
  async count() {
    const devices = await navigator.mediaDevices.enumerateDevices();
    return devices.filter(({ kind }) => kind === "videoinput").length;
  }

  /** Resolves at the next picture that has not been seen yet. */
  nextFrame() {
    return new Promise((resolve) => {
      if (this.video.requestVideoFrameCallback) {
        this.video.requestVideoFrameCallback(resolve);
        // A camera that gives no more pictures must not hang the page.
        setTimeout(resolve, 1000);
      } else {
        requestAnimationFrame(resolve);
      }
    });
  }
}

function stopTracks(stream) {
  for (const track of stream.getTracks()) track.stop();
}
