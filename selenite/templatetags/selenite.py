"""Filters that every template has: how times, sizes and names are written."""

from django import template

register = template.Library()
