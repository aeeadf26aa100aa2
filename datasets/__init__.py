"""Datasets: from a folder to a table of samples, and from a sample to arrays."""

from . import download, faults, leaks, reader, sources
from .catalogue import synthetic  # importing the catalogue registers what there is
from .errors import DatasetError
from .faults import check
from .grouping import group_by, merge_kinds
from .reader import read_image, read_mask, read_own_mask
from .registry import DATASETS, Dataset, get_dataset
from .roots import cache_folder, find_root
from .splits import assign, split_fingerprint
from .table import GOOD, SPLITS, classes_of, fingerprint

__all__ = [
    "DATASETS",
    "GOOD",
    "SPLITS",
    "Dataset",
    "DatasetError",
    "assign",
    "cache_folder",
    "check",
    "classes_of",
    "download",
    "faults",
    "find_root",
    "fingerprint",
    "get_dataset",
    "group_by",
    "leaks",
    "merge_kinds",
    "read_image",
    "read_mask",
    "read_own_mask",
    "reader",
    "sources",
    "split_fingerprint",
    "synthetic",
]
