"""Which matter a sentence is about: trained from the supervisors' examples, offline and deterministic.

`training` makes a model of examples, `model` reads sentences with it, `encoder` is the sentence encoder
whose weights come with a package, `store` keeps what was trained.
"""
