"""Every table of Precedent: `Base` knows all of them once this module is imported."""

from __future__ import annotations

import kb.actions.model
import kb.adoptions.model
import kb.assigning.model
import kb.attachments.model
import kb.desk.model
import kb.dossiers.model
import kb.duplicates.model
import kb.learning.model
import kb.mentoring.model
import kb.notices.model
import kb.people.model
import kb.statements.model
import kb.taxonomy.model
import kb.usage.model  # noqa: F401 - importing them makes their tables known
from kb.model import Base

__all__ = ["Base"]
