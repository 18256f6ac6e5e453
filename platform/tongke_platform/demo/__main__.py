"""``python -m tongke_platform.demo``: make the built-in lesson ahead of its first use."""

from tongke_platform.demo.lesson import cache_folder, lesson_file

if __name__ == "__main__":
    lesson_file(cache_folder())
