"""Figures that the papers report, as they print them. None was measured here.

FID, sFID, inception score, precision and recall are those of OpenAI's guided-diffusion evaluator.
"""

from __future__ import annotations

from methods.base import Reported, ReportedRow
from methods.caching.presets import EOC_VALUES, FORA25, FORA50, FORA75, L2C22

EOC_ABSTRACT = "EOC, abstract"
GOC_ABSTRACT = "GOC, abstract"
SUMMARY = "a third-party summary of GOC"
L2C_README = "L2C, README"
TAYLORSEER = "TaylorSeer, repository"

PLAIN = {"correction": "none"}
GOC_VALUES = {"correction": "goc"}
UNCACHED = {"steps": 20, "schedule": "none", "reference_steps": None}
QUALITY = ("FID", "sFID", "IS", "precision", "recall")
FROM_SUMMARY = {"FID": "read in a third-party summary, not in the paper"}

DDIM20 = Reported(
    "DiT-XL/2, ImageNet 256, DDIM of 20 steps, guidance 1.5, 50,000 images",
    (*QUALITY, "seconds", "faster"),
    (
        ReportedRow(
            "Uncached",
            ("3.484", "4.892", "223.49", ".7876", ".5707", "2.869", "1x"),
            L2C_README,
            {"FID": "its header swaps FID and sFID; the values leave no doubt"},
            UNCACHED,
        ),
        ReportedRow(
            "L2C 22 %",
            ("3.455", "4.644", "227.04", ".7916", ".5558", "2.261", "1.27x"),
            L2C_README,
            {},
            L2C22 | PLAIN,
        ),
        ReportedRow(
            "L2C 22 %, run again by EOC's authors",
            ("3.539", "", "", "", "", "", ""),
            EOC_ABSTRACT,
            {},
            L2C22 | PLAIN,
        ),
        ReportedRow(
            "L2C 22 % with EOC",
            ("3.451", "", "", "", "", "", ""),
            EOC_ABSTRACT,
            {},
            L2C22 | EOC_VALUES,
        ),
        ReportedRow(
            "FORA 25 %", ("3.870", "", "", "", "", "", ""), EOC_ABSTRACT, {}, FORA25 | PLAIN
        ),
        ReportedRow(
            "EOC on 25 %", ("3.692", "", "", "", "", "", ""), EOC_ABSTRACT, {}, FORA25 | EOC_VALUES
        ),
        ReportedRow(
            "GOC on 25 %",
            ("3.524", "", "", "", "", "", ""),
            SUMMARY,
            FROM_SUMMARY,
            FORA25 | GOC_VALUES,
        ),
        ReportedRow(
            "FORA 50 %",
            ("6.857", "", "171.2", "", "", "", ""),
            f"{EOC_ABSTRACT}; {GOC_ABSTRACT}",
            {"IS": "derived by us: 216.28 / 1.263, from the reported gain of 26.3 %"},
            FORA50 | PLAIN,
        ),
        ReportedRow(
            "EOC on 50 %", ("5.821", "", "", "", "", "", ""), EOC_ABSTRACT, {}, FORA50 | EOC_VALUES
        ),
        ReportedRow(
            "GOC on 50 %",
            ("3.907", "", "216.28", "", "", "", ""),
            GOC_ABSTRACT,
            {"FID": "the reported gain of 43 % is against FORA 50 %, not against no cache"},
            FORA50 | GOC_VALUES,
        ),
        ReportedRow(
            "FORA 75 %",
            ("30.454", "", "", "", "", "", ""),
            EOC_ABSTRACT,
            {"FID": "that the interval is 4 there is our reading"},
            FORA75 | PLAIN,
        ),
        ReportedRow(
            "EOC on 75 %", ("21.690", "", "", "", "", "", ""), EOC_ABSTRACT, {}, FORA75 | EOC_VALUES
        ),
    ),
)
DDIM50 = Reported(
    "DiT-XL/2, ImageNet 256, DDIM of 50 steps, guidance 1.5, 50,000 images",
    (*QUALITY, "seconds", "faster"),
    (
        ReportedRow(
            "Uncached",
            ("2.264", "4.290", "238.64", ".8016", ".5989", "7.245", "1x"),
            L2C_README,
            {},
            {"steps": 50, "schedule": "none", "reference_steps": None},
        ),
        ReportedRow(
            "L2C",
            ("2.269", "4.226", "244.14", ".8091", ".5880", "5.568", "1.30x"),
            L2C_README,
            {"faster": "derived by us: 7.245 / 5.568"},
            {"steps": 50, "schedule": "router"} | PLAIN,
        ),
    ),
)
FORECAST50 = Reported(
    "DiT-XL/2, ImageNet 256, DDIM of 50 steps, as TaylorSeer's authors evaluate (their uncached FID differs from L2C's)",
    ("FID", "faster, in FLOPs"),
    (
        ReportedRow("Uncached", ("2.32", "1x"), TAYLORSEER),
        ReportedRow("TaylorSeer", ("2.34", "2.77x"), TAYLORSEER),
        ReportedRow(
            "TaylorSeer",
            ("+0.17", "3.57x"),
            TAYLORSEER,
            {"FID": "reported as the change, not as the value"},
        ),
        ReportedRow("TaylorSeer", ("2.65", "4.53x"), TAYLORSEER),
    ),
)
REPORTED = (DDIM20, DDIM50, FORECAST50)
