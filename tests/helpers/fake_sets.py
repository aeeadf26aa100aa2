"""Folders laid out like the sets whose images may not be given away, of a few tiny files.

Defects are bright, surfaces dark, so a test can tell whether a mask belongs to its image. Each tree has
images that are not square, of 16 bits where the format allows it, a palette mask, and misnamed files.
"""

import numpy as np
from PIL import Image

SQUARE, STRIP = (24, 24), (40, 16)
DARK, BRIGHT = 90, 230
PALETTE = [0, 0, 0, 255, 0, 0, 0, 0, 1]


def write_image(path, mask=None, *, bits=8, shape=SQUARE):
    """Write a dark surface with a bright defect at `mask`, (H, W)."""
    random = np.random.default_rng(list(path.name.encode()))
    values = random.integers(DARK - 30, DARK + 30, shape if mask is None else mask.shape)
    if mask is not None:
        values[mask] = BRIGHT
    save(path, values.astype(np.uint8) if bits == 8 else (values * 257).astype(np.uint16))


def save(path, values):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(values).save(path)


def blot(path, shape=SQUARE):
    """Return a mask, (H, W), whose place depends on the name of the file."""
    top, left = np.random.default_rng(list(path.name.encode())).integers(0, 8, 2)
    mask = np.zeros(shape, dtype=bool)
    mask[top : top + 8, left : left + 8] = True
    return mask


def pair(image, mask, *, bits=8, shape=SQUARE, kind="grey"):
    """Write a defective image and its mask; `kind` is grey, faint, palette or empty."""
    marked = blot(image, shape)
    write_image(image, marked, bits=bits)
    mask.parent.mkdir(parents=True, exist_ok=True)
    level = {"grey": 255, "faint": 1, "palette": 2, "empty": 0}[kind]
    file = Image.fromarray(marked.astype(np.uint8) * level)
    if kind == "palette":
        file.putpalette(PALETTE)
    file.save(mask)


def ksdd2(root):
    """Write 12 images of training, 4 defective, and 6 of test, 2 defective; and the archive's twins."""
    for split, first, count, defective in (("train", 10000, 12, 4), ("test", 20000, 6, 2)):
        for number in range(first, first + count):
            image, mask = root / split / f"{number}.png", root / split / f"{number}_GT.png"
            if number < first + defective:
                pair(image, mask, bits=8 if number % 3 else 16, shape=STRIP, kind="palette" if number % 2 else "grey")
            else:
                write_image(image, shape=STRIP)
                save(mask, np.zeros(STRIP, np.uint8))
    write_image(root / "train" / "10002 (copy).png", shape=STRIP)
    save(root / "train" / "10002_GT (copy).png", np.zeros(STRIP, np.uint8))
    (root / "split_weakly_0.pyb").touch()
    return root


TILES = {
    461: ("Uneven", "Uneven", "Free"),
    1500: ("Free",),
    2000: ("Blowhole", "Free", "Blowhole"),
    3000: ("Break", "Crack"),
    4000: ("Fray",),
    **dict.fromkeys(range(5000, 11000, 1000), ("Free", "Free")),
}
"""The kinds of the images of each tile, by the number of its first; each is 290 after the one before."""
UNMARKED = "Uneven/exp2_num_751"
"""The second image of tile 461: its kind says that it is defective, its mask marks nothing."""


def mtd(root):
    """Write the tiles of `TILES`."""
    for first, kinds in TILES.items():
        for turn, kind in enumerate(kinds):
            stem = f"exp{turn + 1}_num_{first + 290 * turn}"
            image = root / f"MT_{kind}" / "Imgs" / f"{stem}.jpg"
            shape = STRIP if turn == 1 else SQUARE
            if kind == "Free":
                write_image(image, shape=shape)
                save(image.with_suffix(".png"), np.zeros(shape, np.uint8))
            else:
                what = "empty" if f"{kind}/{stem}" == UNMARKED else "palette" if turn else "faint"
                pair(image, image.with_suffix(".png"), shape=shape, kind=what)
    write_image(root / "MT_Free" / "overview.jpg")
    (root / "MT_Free" / "Imgs" / "Thumbs.db").touch()
    return root


def dagm(root):
    """Write two classes: 8 images of training, 2 defective, and 5 of test, 1 defective, each."""
    for name in ("Class1", "Class3"):
        for split, numbers, defective in (("Train", range(1, 9), (2, 7)), ("Test", range(1, 6), (4,))):
            folder = root / name / split
            for number in numbers:
                image, mask = folder / f"{number:04}.PNG", folder / "Label" / f"{number:04}_label.PNG"
                shape, bits = (STRIP if number == 1 else SQUARE), (16 if number == 2 else 8)
                if number in defective:
                    pair(image, mask, bits=bits, shape=shape, kind="palette" if number == 4 else "grey")
                else:
                    write_image(image, bits=bits, shape=shape)
            (folder / "Label" / "Labels.txt").touch()
            write_image(folder / "0002 (1).PNG")
    save(root / "Class1" / "Train" / "Label" / "0003_label.PNG", np.zeros(SQUARE, np.uint8))
    write_image(root / "Class3 backup" / "Train" / "0001.PNG")
    return root


MVTEC_KINDS = {"broken_large": 5, "contamination": 4}


def mvtec(root):
    """Write two categories: 6 good images of training, 3 of test, and those of `MVTEC_KINDS`."""
    for category in ("bottle", "zipper"):
        base = root / category
        for folder, count in ((base / "train" / "good", 6), (base / "test" / "good", 3)):
            for number in range(count):
                write_image(folder / f"{number:03}.png", shape=STRIP if number else SQUARE)
        for kind, count in MVTEC_KINDS.items():
            for number in range(count):
                mask = base / "ground_truth" / kind / f"{number:03}_mask.png"
                what, bits = ("palette" if number == 1 else "grey"), (16 if number == 2 else 8)
                pair(base / "test" / kind / f"{number:03}.png", mask, bits=bits, kind=what)
        (base / "license.txt").touch()
    write_image(root / "bottle" / "test" / "good" / "copy of 001.png")
    (root / "readme.txt").touch()
    return root


def folder(root):
    """Write 8 good images, 3 defective ones without a kind and 4 scratches, in files of all sorts."""
    for number, suffix in enumerate(("png", "PNG", "jpg", "JPEG", "tif", "bmp", "webp", "png")):
        shape, place = (STRIP if number % 2 else SQUARE), ("monday" if number < 3 else ".")
        write_image(root / "good" / place / f"{number:03}.{suffix}", shape=shape)
    for number, (suffix, kind) in enumerate((("Bmp", "grey"), ("png", "palette"), ("png", "faint"))):
        photo = root / "defect" / f"{number:03}.v1.{suffix}"
        pair(photo, root / "masks" / f"{number:03}.v1.png", kind=kind, bits=16 if number == 2 else 8)
    for number in range(4):
        inside = f"scratch/{'deep' if number % 2 else '.'}/{number:03}"
        pair(root / "defect" / f"{inside}.TIFF", root / "masks" / f"{inside}.BMP", shape=STRIP)
    (root / "good" / "._000.png").touch()
    (root / "defect" / ".cache").mkdir()
    write_image(root / "defect" / ".cache" / "000.png")
    for stray in ("good/notes.txt", "defect/Thumbs.db", "masks/readme.md"):
        (root / stray).touch()
    write_image(root / "masks" / "of-no-image.png")
    return root


def split_folder(root):
    """Write the three folders below train/, val/ and test/, with the same names in each."""
    for split, good, defective in (("train", 6, 3), ("val", 2, 1), ("test", 2, 2)):
        for number in range(good):
            write_image(root / split / "good" / f"{number:03}.png")
        for number in range(defective):
            pair(
                root / split / "defect" / "dent" / f"{number:03}.jpg", root / split / "masks/dent" / f"{number:03}.gif"
            )
    return root
