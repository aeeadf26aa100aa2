"""Small made-up sets as people bring them, which lack what the sets of papers have."""

from datasets.fake_files import write_defective, write_good


def write_labels_only(root):
    """Write 12 good solar cells and 12 with cracks, of which no mask is known."""
    for number in range(12):
        write_good(root / "good" / f"{number:03}.png")
        write_defective(root / "crack" / f"{number:03}.png", root.with_name("mask.png"))
    (root.with_name("mask.png")).unlink(missing_ok=True)


def write_steel(root):
    """Write 10 images each of three kinds of defect on steel, with their masks; none of them is good."""
    for kind in ("inclusion", "patches", "scratches"):
        for number in range(10):
            name = f"{kind}/{kind[:2].title()}_{number}"
            write_defective(root / "images" / f"{name}.bmp", root / "masks" / f"{name}.png")
