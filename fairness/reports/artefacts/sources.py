"""The law and practice that artefacts speak of, and whether that was checked."""

from __future__ import annotations

from dataclasses import dataclass

AS_OF = "2026-11-23"
"""The day on which the sources were looked up."""


@dataclass(frozen=True, slots=True)
class Source:
    """What an artefact says of a source.

    Parameters
    ----------
    name : str
        With the place in it.
    says : str
    confirmed : bool
        Whether that was found in a source; else it is from knowledge, and was not
        checked against the text.
    sectors : tuple of str
        Sectors of the offer that it is about; empty for all.
    """

    name: str
    says: str
    confirmed: bool
    sectors: tuple[str, ...] = ()


_UGESP = "29 CFR 1607 (Uniform Guidelines on Employee Selection Procedures)"

ADVERSE_IMPACT = (
    Source(
        f"{_UGESP}, 1607.4(D)",
        "A rate below four fifths of the rate of the group with the highest one is "
        "generally taken as evidence of adverse impact.",
        confirmed=False,
    ),
    Source(
        f"{_UGESP}, 1607.4(D), provisos",
        "A smaller gap may count where it matters both statistically and practically; "
        "a larger one may not where numbers are small and it is not significant.",
        confirmed=False,
    ),
    Source(
        "EEOC, Questions and Answers on the Uniform Guidelines (1979), 11 to 24",
        "Four fifths is a rule of thumb; groups below 2 % need no finding of their "
        "own; where one more selection would turn the result, numbers are small.",
        confirmed=False,
    ),
    Source(
        "Hazelwood School District v. United States, 433 U.S. 299 (1977), note 14",
        "A count more than two or three standard deviations from the expected one is "
        "hard to put down to chance.",
        confirmed=False,
    ),
    Source(
        "EEOC, regulatory agenda of July 2026, RIN 3046-AB43",
        "The rescission of the Uniform Guidelines is at the final-rule stage. Whether "
        "it was published is not confirmed.",
        confirmed=True,
    ),
    Source(
        "6 RCNY 5-301 (New York City, Local Law 144)",
        "Asks for impact ratios of hiring tools, and sets no pass mark.",
        confirmed=True,
    ),
    Source(
        "12 CFR 1002 (Regulation B), final rule of April 2026, in force 2026-07-21",
        "Deletes the effects test for credit; proxies designed or applied with intent "
        "stay covered. State law may differ.",
        confirmed=True,
        sectors=("credit", "finance"),
    ),
    Source(
        "24 CFR 100.500 (discriminatory effects in housing), 91 FR 1475",
        "Its removal was proposed in January 2026. Whether it is final is not "
        "confirmed.",
        confirmed=True,
        sectors=("housing",),
    ),
)

IMPACT_ASSESSMENT = (
    Source(
        "GDPR, Art 4(4)",
        "Profiling is the automated evaluation of personal aspects.",
        confirmed=True,
    ),
    Source(
        "GDPR, Art 35(7)",
        "An assessment describes the processing and its purposes, its necessity and "
        "proportionality, the risks, and the measures against them.",
        confirmed=False,
    ),
    Source(
        "GDPR, Art 35(2), (9), (11)",
        "The advice of the data protection officer, the views of those concerned, and "
        "a review are part of it.",
        confirmed=False,
    ),
    Source(
        "GDPR, Art 21(2) to (4)",
        "Whoever objects to direct marketing, and to profiling for it, is not used for "
        "it any more.",
        confirmed=True,
    ),
    Source(
        "GDPR, Art 22; Working Party 251 rev.01",
        "Targeted advertising may be a decision of significant effect, for example "
        "where it uses known vulnerabilities.",
        confirmed=True,
    ),
    Source(
        "AI Act, Art 5(1)(a), (b)",
        "Manipulation, and the use of age, disability or a social or economic "
        "situation to distort behaviour with likely harm, are banned since 2025-02-02.",
        confirmed=True,
    ),
    Source(
        "AI Act, Annex III 5(b)",
        "Scoring of credit is of high risk; the duties apply from 2027-12-02.",
        confirmed=True,
        sectors=("credit", "finance"),
    ),
    Source(
        "AI Act, Annex III 4(a)",
        "Targeted advertisements of jobs are of high risk.",
        confirmed=False,
        sectors=("employment",),
    ),
)

MODEL_CARD = (
    Source(
        "Mitchell et al. (2019), Model Cards for Model Reporting, FAT* 2019",
        "The headings of this card.",
        confirmed=False,
    ),
)

BIAS_AUDIT = (
    Source(
        "6 RCNY 5-301(b), (c), (d)",
        "Number, selection (or scoring) rate and impact ratio of each category of sex, "
        "of race and ethnicity, and of both; small categories may be left out of the "
        "ratios with a reason, their number and rate are shown.",
        confirmed=True,
    ),
    Source(
        "6 RCNY 5-301, 5-303",
        "How many people are of no known category is told.",
        confirmed=True,
    ),
    Source(
        "6 RCNY 5-301(a); NYC Administrative Code 20-871",
        "The audit is at most a year old when the tool is used, and candidates are "
        "told ten business days before.",
        confirmed=True,
    ),
)


def of_sector(sources: tuple[Source, ...], sector: str | None) -> tuple[Source, ...]:
    """Return the sources that are about an offer of some sector.

    Examples
    --------
    >>> len(of_sector(ADVERSE_IMPACT, None)) < len(of_sector(ADVERSE_IMPACT, "credit"))
    True
    """
    return tuple(one for one in sources if not one.sectors or sector in one.sectors)
