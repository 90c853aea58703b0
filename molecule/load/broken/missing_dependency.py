import a_package_that_nobody_required  # noqa: F401
