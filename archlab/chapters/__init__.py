"""The chapters: a package a chapter, with its experiments, the rules that judge them, its explorers and its lab."""
