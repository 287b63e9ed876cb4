"""The benchmarks' files in miniature, in their own layout."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from pathlib import Path
from typing import Any

from PIL import Image

SYNONYMS = "person, man, woman\ndog, puppy\ntrain\ncar, automobile\nchair, seat\n"


def write(folder: Path, name: str, content: Any) -> Path:
    """A file of JSON, of JSON lines (a list, .jsonl), or of text."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, str):
        path.write_text(content)
    elif name.endswith(".jsonl"):
        path.write_text("".join(json.dumps(row) + "\n" for row in content))
    else:
        path.write_text(json.dumps(content))
    return path


def picture(folder: Path, name: str, colour: str = "red") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (12, 8), colour).save(path)
    return path


def base64_picture(colour: str = "blue") -> str:
    buffer = io.BytesIO()
    Image.new("RGB", (6, 6), colour).save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


def zipped(folder: Path, target: Path) -> Path:
    with zipfile.ZipFile(target, "w") as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(folder))
    return target


def coco(folder: Path) -> Path:
    """Images 1 (person and dog by instances, train by caption), 2 (car) and 3 (nothing)."""
    instances = {
        "categories": [
            {"id": 1, "name": "person"},
            {"id": 18, "name": "dog"},
            {"id": 3, "name": "car"},
        ],
        "images": [{"id": i, "file_name": f"COCO_val2014_{i:012d}.jpg"} for i in (1, 2, 3)],
        "annotations": [
            {"image_id": 1, "category_id": 1, "segmentation": [[1, 2]]},
            {"image_id": 1, "category_id": 18, "segmentation": [[1, 2]]},
            {"image_id": 2, "category_id": 3, "segmentation": [[1, 2]]},
        ],
    }
    captions = {
        "annotations": [
            {"image_id": 1, "caption": "A man and his puppy wait for the train."},
            {"image_id": 2, "caption": "An automobile."},
        ]
    }
    write(folder, "annotations/instances_val2014.json", instances)
    write(folder, "annotations/captions_val2014.json", captions)
    write(folder, "synonyms.txt", SYNONYMS)
    return folder


def halbench(folder: Path) -> Path:
    coco(folder)
    rows = [
        {"image_id": 1, "question": "Describe it in detail.", "image": base64_picture()},
        {"image_id": 2, "question": "What do you see?", "image": base64_picture("green")},
    ]
    write(folder, "obj_halbench_300_with_image.jsonl", rows)
    return folder


def amber(folder: Path) -> Path:
    annotations = [
        {"id": 1, "type": "generative", "truth": ["tree", "man"], "hallu": ["dog"]},
        {"id": 2, "type": "generative", "truth": ["car"], "hallu": []},
        {"id": 1005, "type": "discriminative-attribute-state", "truth": "yes"},
        {"id": 1006, "type": "discriminative-hallucination", "truth": "no"},
        {"id": 1007, "type": "relation", "truth": "no"},
    ]
    write(folder, "annotations.json", annotations)
    write(folder, "relation.json", {"tree": ["wood"], "man": [], "dog": [], "car": []})
    write(folder, "safe_words.txt", "sky\n")
    describe = [
        {"id": i, "image": f"AMBER_{i}.jpg", "query": "Describe this image."} for i in (1, 2)
    ]
    ask = [{"id": i, "image": "AMBER_1.jpg", "query": "Is it so?"} for i in (1005, 1006, 1007)]
    write(folder, "query/query_generative.json", describe)
    write(folder, "query/query_discriminative.json", ask)
    return folder


def pope(folder: Path) -> Path:
    for split in ("random", "adversarial"):
        rows = [
            {"question_id": 1, "image": "a.jpg", "text": "Is there a dog?", "label": "yes"},
            {"question_id": 2, "image": "b.jpg", "text": f"Is there a {split} cat?", "label": "no"},
        ]
        write(folder, f"coco_pope_{split}.json", "\n".join(map(json.dumps, rows)))
    return folder


def mmhal(folder: Path) -> Path:
    rows = [
        {
            "question_type": kind,
            "question_topic": "animal",
            "image_id": f"id{i}",
            "image_src": f"https://example.org/{i}.jpg",
            "image_content": ["dog"],
            "question": f"What is {kind}?",
            "gt_answer": "a dog",
            "model_answer": "",
        }
        for i, kind in enumerate(("attribute", "counting"))
    ]
    write(folder, "response_template.json", rows)
    return folder
