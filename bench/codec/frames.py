"""What librosa makes of signals that a formula gives: crates/codec/tests/numbers.json, to compare `codec::Mel` with.

    pip install librosa==0.11.0
    python bench/codec/frames.py > crates/codec/tests/numbers.json
"""

import json

import librosa
import numpy as np


def chirp(rate, count):
    """From 200 Hz to a fifth of the rate more within a second."""
    t = np.arange(count) / rate
    return np.sin(2 * np.pi * (200 * t + rate / 10 * t * t))


def vowel(rate, count):
    """Harmonics of 120 Hz, strongest about 700 and 1,100 Hz."""
    t = np.arange(count) / rate
    peak = lambda hertz, at: 1 / (1 + ((hertz - at) / 80) ** 2)
    loud = lambda hertz: peak(hertz, 700) + 0.6 * peak(hertz, 1100) + 0.1 * peak(hertz, 2400)
    return sum(loud(120 * nth) * np.sin(2 * np.pi * 120 * nth * t) for nth in range(1, 33))


def noise(rate, count):
    """The upper bits of a linear congruential generator (Numerical Recipes')."""
    state, out = 1, []
    for _ in range(count):
        state = (1664525 * state + 1013904223) % 2**32
        out.append((state >> 16) / 32768 - 1)
    return np.array(out)


SIGNALS = {"chirp": chirp, "vowel": vowel, "noise": noise}
SETTINGS = [
    {"rate": 8000, "window": 256, "hop": 128, "bands": 40, "range": 60},
    {"rate": 16000, "window": 400, "hop": 160, "bands": 64, "range": 80},
    {"rate": 22050, "window": 1024, "hop": 256, "bands": 96, "range": 50},
]


def frames(settings, wave):
    power = librosa.feature.melspectrogram(
        y=wave, sr=settings["rate"], n_fft=settings["window"], hop_length=settings["hop"],
        n_mels=settings["bands"], power=2.0, center=True, pad_mode="constant", htk=False, norm="slaney")  # fmt: skip
    decibels = librosa.power_to_db(power, ref=np.max, amin=1e-30, top_db=settings["range"])
    return (decibels / settings["range"] + 1).T


def convergence(wave, hop, rounds):
    how = {"n_fft": 256, "hop_length": hop, "center": True, "pad_mode": "constant"}
    wanted = np.abs(librosa.stft(wave, **how))
    made = librosa.griffinlim(wanted, n_iter=rounds, init=None, momentum=0.99, length=len(wave), **how)
    return np.linalg.norm(np.abs(librosa.stft(made, **how)) - wanted) / np.linalg.norm(wanted)


def main():
    cases = []
    for settings in SETTINGS:
        for name, signal in SIGNALS.items():
            count = settings["rate"] // 5 + 13
            all_frames = frames(settings, signal(settings["rate"], count))
            at = [0, 1, len(all_frames) // 2, len(all_frames) - 1]
            cases.append({
                "signal": name, "settings": settings, "samples": count, "frames": len(all_frames), "at": at,
                "values": [[round(float(value), 5) for value in all_frames[frame]] for frame in at],
            })  # fmt: skip
    rounds = [
        {"signal": name, "hop": hop, "rounds": count, "distance": round(float(convergence(SIGNALS[name](8000, 8000), hop, count)), 4)}
        for name in ["chirp", "vowel"] for hop in [64, 128] for count in [8, 32, 60]
    ]  # fmt: skip
    print(json.dumps({"librosa": librosa.__version__, "frames": cases, "griffin_lim": rounds}))


main()
