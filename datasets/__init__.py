"""Datasets: from a folder to a table of samples, and from a sample to arrays."""

from . import download, fake_files, faults, leaks
from .catalogue import synthetic  # importing the catalogue registers what there is
from .copies import LocalCopy, find_copy
from .errors import DatasetError
from .faults import check
from .grouping import group_by, join_near_duplicates, merge_kinds
from .reader import mask_values, read_image, read_mask, read_own_mask
from .registry import DATASETS, FAKE_TREES, Archive, Dataset, dataset, fake_tree, get_dataset
from .roots import cache_folder, find_root
from .splits import assign, split_fingerprint
from .table import GOOD, SPLITS, classes_of, fingerprint, rows_of, sample_table, unmasked

__all__ = [
    "DATASETS",
    "FAKE_TREES",
    "GOOD",
    "SPLITS",
    "Archive",
    "Dataset",
    "DatasetError",
    "LocalCopy",
    "assign",
    "cache_folder",
    "check",
    "classes_of",
    "dataset",
    "download",
    "fake_files",
    "fake_tree",
    "faults",
    "find_copy",
    "find_root",
    "fingerprint",
    "get_dataset",
    "group_by",
    "join_near_duplicates",
    "leaks",
    "mask_values",
    "merge_kinds",
    "read_image",
    "read_mask",
    "read_own_mask",
    "rows_of",
    "sample_table",
    "split_fingerprint",
    "synthetic",
    "unmasked",
]
