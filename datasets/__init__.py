"""Datasets: from a folder to a table of samples, and from a sample to arrays."""

from datasets import catalogue  # noqa: F401  importing it registers what there is
from datasets.errors import DatasetError
from datasets.faults import check
from datasets.grouping import group_by, merge_kinds
from datasets.reader import read_image, read_mask, read_own_mask
from datasets.registry import DATASETS, Dataset, get_dataset
from datasets.roots import cache_folder, find_root
from datasets.splits import assign, split_fingerprint
from datasets.table import GOOD, classes_of, fingerprint

__all__ = [
    "DATASETS",
    "GOOD",
    "Dataset",
    "DatasetError",
    "assign",
    "cache_folder",
    "check",
    "classes_of",
    "find_root",
    "fingerprint",
    "get_dataset",
    "group_by",
    "merge_kinds",
    "read_image",
    "read_mask",
    "read_own_mask",
    "split_fingerprint",
]
