"""グリーンリフォームローン: the reform loan for energy-saving works."""
