"""Documents of the trade, in Markdown, each made of a payload alone.

An adverse-impact report, a section of a data protection impact assessment, a model card
and the summary of a bias audit. What the payload does not hold is a marked blank for
the person who knows it; no number is made up, and no law is said to be met.
"""
